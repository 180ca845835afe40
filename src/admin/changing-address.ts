import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import { AppError } from '../errors.ts';
import { ownReasons } from '../sessions/own-reasons.ts';
import { isInternational, readEmail, sayEmailProblem } from '../users/email.ts';
import { bearerOfAddress, type Meant, othersMeant } from '../users/identities.ts';
import { type Changer, type Ended, endOf, revocationOf } from './changer.ts';
import { type ConcernedPeople, digestOf, lookAtPerson } from './concerned.ts';
import type { Ending } from './end-confirmed.ts';
import { type NamedIdentity, type NamedPerson, readIdentities, readPerson } from './known-names.ts';

type ConcernedAddress = ConcernedPeople &
  Readonly<{ person: NamedPerson; identities: readonly NamedIdentity[]; others: readonly Meant[] }>;

/**
 * Gives a person another address. Their access ends in the same UPDATE, as where provisioning does
 * it. @throws AppError not_found; conflict for an address that is somebody's; invalid_request for one
 * that owners may not give
 */
export function changingAddress(changer: Changer, userId: string, address: string): Ending<ConcernedAddress, Ended> {
  const { orgId, by } = changer;
  const email = address.trim();
  const { key, problem } = readEmail(email);
  if (key === null)
    throw new AppError(
      'invalid_request',
      (texts) => texts.answers.notAddress({ email, why: sayEmailProblem(problem)(texts) }),
      { field: 'email' },
    );
  return {
    confirmed: { action: 'address', target: `${userId} ${key}` },
    permission: 'identity.change',
    look: async (db, lock) => {
      const { whose, standing } = await lookAtPerson(db, orgId, userId, lock);
      const person = await readPerson(db, orgId, userId);
      if (person.emailKey === key)
        throw new AppError('conflict', ({ answers }) => answers.sameAddress(person), { field: 'email' });
      if (changer.initiator === 'admin' && isInternational(key)) await requireSpeaker(db, orgId, key);
      const bearer = await bearerOfAddress(db, orgId, { emailKey: key, userId });
      if (bearer)
        throw new AppError(
          'conflict',
          ({ answers }) => answers.addressTaken({ email, bearer: answers.bearer(bearer) }),
          {
            field: 'email',
          },
        );
      const identities = await readIdentities(db, orgId, userId);
      const others = await othersMeant(db, orgId, { emailKey: key, userId });
      const told = digestOf([standing, person.email, others.map(({ id }) => id)]);
      return { whose: { ...whose, person, identities, others }, standing: told };
    },
    tell: async (_db, { person, identities, others }, words) => {
      const { name, email: before, emailKey, provisioned } = person;
      const isUserName = keptUserName(person).userNameKey === emailKey;
      const isClaimed = identities.some(({ claimedKey }) => claimedKey === emailKey);
      const means = [
        words.addressMeans({ name, email }),
        ...others.map((other) =>
          other.claim
            ? words.addressWasAnothers({ name, email, other, ...other.claim })
            : words.addressIsAnothersUserName({ email, other }),
        ),
        ...(isUserName ? [words.addressIsUserName({ email: before })] : []),
        ...(isClaimed ? [words.addressIsClaimed({ name, email: before })] : []),
        ...(isUserName || isClaimed ? [] : [words.addressFreed({ email: before })]),
        words.accessEnds({ name }),
        ...(provisioned ? [words.addressProvisioned({ name })] : []),
        ...(identities.length > 0 && !provisioned ? [words.addressClaimed] : []),
      ];
      return { means };
    },
    end: async (client, { person }) => {
      const rename = { email, emailKey: key, ...keptUserName(person) };
      const why = ['The address was changed.', ownReasons.addressChanged] as const;
      const ended = await endOf(client, { ...revocationOf(changer, { user: userId }, why), rename }, userId);
      await recordEvent(client, { orgId, by, action: 'user.address_changed', target: { type: 'user', id: userId } });
      return ended;
    },
  };
}

/** Provisioning finds people by user names, which are its to change: an address that is one stays it. */
const keptUserName = ({ provisioned, userName, userNameKey, email, emailKey }: NamedPerson) =>
  provisioned && userNameKey === null ? { userName: email, userNameKey: emailKey } : { userName, userNameKey };

/**
 * Outside ASCII an address may look like another one: an owner who was deceived would give away
 * somebody's name. So it comes from who speaks for the domain, from provisioning or the operator.
 * @throws AppError invalid_request
 */
async function requireSpeaker(db: Pool | PoolClient, orgId: string, emailKey: string): Promise<void> {
  const { rowCount } = await db.query({
    name: 'address-speaker',
    text: `SELECT FROM authorities WHERE org_id = $1 AND domain = split_part($2, '@', -1) LIMIT 1`,
    values: [orgId, emailKey],
  });
  if (rowCount) return;
  throw new AppError('invalid_request', ({ answers }) => answers.international, { field: 'email' });
}
