import { recordEvent } from '../audit/record.ts';
import { AppError } from '../errors.ts';
import { ownReasons } from '../sessions/own-reasons.ts';
import { emailKey } from '../users/email.ts';
import { bearerOfAddress } from '../users/identities.ts';
import { type Changer, type Ended, endOf, revocationOf, taken } from './changer.ts';
import { type ConcernedPeople, digestOf, lookAtPerson } from './concerned.ts';
import type { Ending } from './end-confirmed.ts';
import { type NamedIdentity, type NamedPerson, readIdentities, readPerson } from './known-names.ts';

/**
 * Gives a person another address. Their access ends in the same UPDATE, as where provisioning does
 * it. @throws AppError not_found; conflict for an address that is somebody's
 */
export function changingAddress(
  changer: Changer,
  userId: string,
  address: string,
): Ending<ConcernedPeople & { person: NamedPerson; identities: readonly NamedIdentity[] }, Ended> {
  const { orgId, by } = changer;
  const email = address.trim();
  const key = emailKey(email);
  if (key === null) throw new AppError('invalid_request', `"${email}" is not an acceptable e-mail address.`);
  return {
    confirmed: { action: 'address', target: `${userId} ${key}` },
    permission: 'identity.change',
    look: async (db, lock) => {
      const { whose, standing } = await lookAtPerson(db, orgId, userId, lock);
      const person = await readPerson(db, orgId, userId);
      if (person.emailKey === key) throw new AppError('conflict', `This is the address of ${person.name} already.`);
      const bearer = await bearerOfAddress(db, orgId, { emailKey: key, userId });
      if (bearer) throw taken(`The address ${email}`, bearer, 'Give them another one first.');
      const identities = await readIdentities(db, orgId, userId);
      return { whose: { ...whose, person, identities }, standing: digestOf([standing, person.email]) };
    },
    tell: async (_db, { person, identities }, words) => {
      const { name, email: before, emailKey, provisioned } = person;
      const isUserName = keptUserName(person).userNameKey === emailKey;
      const isClaimed = identities.some(({ claimedKey }) => claimedKey === emailKey);
      const means = [
        words.addressMeans({ name, email }),
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
