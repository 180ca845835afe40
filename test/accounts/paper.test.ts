import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { connectorKinds } from '../../src/accounts/settings.ts';
import { type Product, startProduct } from '../support/product.ts';

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/accounts.md'), 'utf8');
/** What the paper tells people to send, as the shell would give it to the command. */
const bodies = [...text.matchAll(/api POST \/api\/orgs\/current\/accounts --data '([^']+)'/g)].map(
  ([, body = '']) => JSON.parse(body) as { name: string; connector: string },
);

it('docs/accounts.md adds an account of each kind by a request that is taken as it stands', async () => {
  const product: Product = await startProduct();
  try {
    const owner = await product.signIn();
    await product.context.prisma.user.updateMany({ data: { role: 'owner' } });
    for (const body of bodies) {
      const answer = await owner.post('/api/orgs/current/accounts', { json: body });
      expect([body.name, answer.status, answer.text]).toEqual([body.name, 201, expect.anything()]);
    }
  } finally {
    await product.stop();
  }
  const shown = new Set(bodies.map(({ connector }) => connector));
  expect(connectorKinds.filter((kind) => !shown.has(kind))).toEqual([]);
});
