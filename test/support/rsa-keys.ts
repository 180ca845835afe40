import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';

/** Pairs whose holders have stopped. Making one takes a tenth of a second of computing. */
const free: KeyPairKeyObjectResult[] = [];

/** RSA key pairs that nobody else has in this process until they are given back. */
export function borrowRsaKeys() {
  const borrowed: KeyPairKeyObjectResult[] = [];
  return {
    next(): KeyPairKeyObjectResult {
      const pair = free.pop() ?? generateKeyPairSync('rsa', { modulusLength: 2048 });
      borrowed.push(pair);
      return pair;
    },
    giveBack: () => free.push(...borrowed.splice(0)),
  };
}
