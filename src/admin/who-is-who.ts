import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import type { Initiator, User } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import type { Revocation, Revoked } from '../revocation/revocation.ts';
import { revokeAccess, revokeAccessOfMany, revokeOrgAccess } from '../revocation/revoke-access.ts';
import { emailKey } from '../users/email.ts';
import {
  type Bearer,
  bearerOfAddress,
  bearerOfSubject,
  insertIdentity,
  type Linking,
  readLinking,
  releaseAllIdentities,
  releaseIdentities,
} from '../users/identities.ts';
import { noSuchPerson } from './change-person.ts';
import {
  type ConcernedEveryone,
  type ConcernedName,
  type ConcernedPeople,
  digestOf,
  lookAtEveryone,
  lookAtPeople,
  lookAtPerson,
} from './concerned.ts';
import type { Ending } from './end-confirmed.ts';

// Changes of who is who. An administrator sees first what a change means (`tell`), as where access
// ends; the command line asks its operator the same.

/** Who changes it. */
export type Changer = Readonly<{ orgId: string; by: By; initiator: Extract<Initiator, 'admin' | 'operator'> }>;

type Ended = Omit<Revoked, 'userId'>;
type Db = Pool | PoolClient;
type Person = Pick<User, 'id' | 'name' | 'email' | 'emailKey' | 'role' | 'provisioned' | 'userName' | 'userNameKey'>;
type NamedConnection = Readonly<{ id: string; name: string }>;
type NamedIdentity = Readonly<{ id: string; subject: string; connection: NamedConnection }>;

/**
 * Gives a person another address. Their access ends in the same UPDATE, as where provisioning does
 * it. @throws AppError not_found; conflict for an address that is somebody's
 */
export function changingAddress(
  changer: Changer,
  userId: string,
  address: string,
): Ending<ConcernedPeople & { person: Person; linked: boolean }, Ended> {
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
      const linked = (await readIdentities(db, orgId, userId)).length > 0;
      return { whose: { ...whose, person, linked }, standing: digestOf([standing, person.email]) };
    },
    tell: async (_db, { person, linked }, words) => {
      const { name, email: before, provisioned } = person;
      const means = [
        words.addressMeans({ name, email }),
        keptUserName(person).userNameKey === person.emailKey
          ? words.addressIsUserName({ email: before })
          : words.addressFreed({ email: before }),
        words.accessEnds({ name }),
        ...(provisioned ? [words.addressProvisioned({ name })] : []),
        ...(linked && !provisioned ? [words.addressClaimed] : []),
      ];
      return { means };
    },
    end: async (client, { person }) => {
      const rename = { email, emailKey: key, ...keptUserName(person) };
      const why = ['The address was changed.', 'Your organisation changed your e-mail address.'] as const;
      const ended = await endOf(client, { ...revocationOf(changer, { user: userId }, why), rename }, userId);
      await recordEvent(client, { orgId, by, action: 'user.address_changed', target: { type: 'user', id: userId } });
      return ended;
    },
  };
}

/** Provisioning finds people by user names, which are its to change: an address that is one stays it. */
const keptUserName = ({ provisioned, userName, userNameKey, email, emailKey }: Person) =>
  provisioned && userNameKey === null ? { userName: email, userNameKey: emailKey } : { userName, userNameKey };

/**
 * Links a subject at a connection to a person, and moves none from anybody. Returns the identity's
 * id. @throws AppError not_found; conflict
 */
export function linkingIdentity(
  { orgId, by }: Changer,
  userId: string,
  { connectionId, subject }: Readonly<{ connectionId: string; subject: string }>,
): Ending<ConcernedName & { person: Person; connection: NamedConnection }, string> {
  return {
    confirmed: { action: 'link', target: digestOf([userId, connectionId, subject]) },
    permission: 'identity.change',
    look: async (db, lock) => {
      const { standing } = await lookAtPerson(db, orgId, userId, lock);
      const person = await readPerson(db, orgId, userId);
      const connection = await requireConnection(db, orgId, connectionId);
      const bearer = await bearerOfSubject(db, orgId, { connectionId, subject });
      if (bearer) throw taken('This subject', bearer, 'Unlink it there first.');
      const before = (await readIdentities(db, orgId, userId)).find((linked) => linked.connection.id === connectionId);
      if (before)
        throw new AppError(
          'conflict',
          `${person.name} is linked to this connection already, by the identity ${before.id}. Unlink that first.`,
        );
      return { whose: { kind: 'name', userId, person, connection }, standing: digestOf([standing, person.role]) };
    },
    tell: async (_db, { person: { name, role }, connection }, words) => ({
      means: [
        words.linkMeans({ name, connection: connection.name, subject }),
        ...(role === 'member' ? [] : [words.linkRole({ role })]),
        words.nothingEnds,
      ],
    }),
    end: async (client) => {
      const id = await insertIdentity(client, orgId, { userId, connectionId, subject });
      const detail = { identity: id, connection: connectionId };
      await recordEvent(client, { orgId, by, action: 'identity.linked', target: { type: 'user', id: userId }, detail });
      return id;
    },
  };
}

/**
 * Releases the subject of one of a person's identities and ends all of their access: a call that
 * names the subject wouldn't find what was born of it. @throws AppError not_found
 */
export function unlinkingIdentity(
  changer: Changer,
  userId: string,
  identityId: string,
): Ending<ConcernedPeople & { person: Person; identity: NamedIdentity }, Ended> {
  const { orgId, by } = changer;
  return {
    confirmed: { action: 'unlink', target: `${userId} ${identityId}` },
    permission: 'identity.change',
    look: async (db, lock) => {
      const { whose, standing } = await lookAtPerson(db, orgId, userId, lock);
      const person = await readPerson(db, orgId, userId);
      const identity = (await readIdentities(db, orgId, userId)).find(({ id }) => id === identityId);
      if (!identity) throw new AppError('not_found', 'This person has no identity of this id.');
      return { whose: { ...whose, person, identity }, standing };
    },
    tell: async (db, { person: { name, email }, identity }, words) => {
      const connection = identity.connection.name;
      const linking = await readLinking(db, orgId, { connectionId: identity.connection.id, userIds: [userId] });
      const again = linking.byAddress
        ? words.againByAddress({ name, connection, email })
        : linking.ifVerified
          ? words.againIfVerified({ name, connection, email })
          : words.againByHand({ name, connection });
      const means = [
        words.unlinkMeans({ name, connection, subject: identity.subject }),
        words.accessEnds({ name }),
        again,
        ...(linking.noOwnerLeft ? [words.noOwnerLeft] : []),
      ];
      return { means, linking: counts(linking) };
    },
    end: async (client, { identity }) => {
      const connectionId = identity.connection.id;
      await releaseIdentities(client, orgId, { connectionId, userIds: [userId] });
      const why = ['An identity was unlinked.', 'Your organisation asks you to sign in anew.'] as const;
      const ended = await endOf(client, revocationOf(changer, { user: userId, identity: identityId }, why), userId);
      const detail = { identity: identityId, connection: connectionId };
      await recordEvent(client, {
        orgId,
        by,
        action: 'identity.unlinked',
        target: { type: 'user', id: userId },
        detail,
      });
      return ended;
    },
  };
}

/** `revocationId`: of everyone's access in the org; null where the people's alone was ended. */
export type Forgotten = Readonly<{ people: number; revocationId: string | null }>;

/** Their rows are locked while it lasts, a tenth of a second, and a revocation of one of them waits. */
const mostOneByOne = 1_000;

/**
 * Releases everybody's subject at a connection: its identity provider knows them by others now. All
 * access of these people ends. Where they are many the org's generation does it: one row in place
 * of theirs. @throws AppError not_found
 */
export function forgettingSubjects(
  changer: Changer,
  connectionId: string,
): Ending<(ConcernedPeople | ConcernedEveryone) & { connection: NamedConnection }, Forgotten> {
  const { orgId, by } = changer;
  return {
    confirmed: { action: 'subjects', target: connectionId },
    permission: 'identity.change',
    look: async (db, lock) => {
      const connection = await requireConnection(db, orgId, connectionId, lock);
      const ids = await readLinkedPeople(db, orgId, connectionId);
      // The org's row isn't locked until the end: the connection's keeps a second one waiting.
      const everyone = await lookAtEveryone(db, orgId, null, false);
      const { whose } = ids.length > mostOneByOne ? everyone : await lookAtPeople(db, orgId, ids, lock);
      // Among many somebody's access ends all the time, and changes nothing of what was confirmed.
      return { whose: { ...whose, connection }, standing: digestOf([whose.kind, everyone.standing]) };
    },
    tell: async (db, whose, words) => {
      const connection = whose.connection.name;
      const linking = await readLinking(db, orgId, { connectionId, userIds: null });
      const { byAddress, ifVerified, byHand, noOwnerLeft } = linking;
      const means = [
        words.forgetMeans({ people: byAddress + ifVerified + byHand, connection }),
        whose.kind === 'everyone' ? words.forgetEndsEveryone({ most: mostOneByOne }) : words.forgetEnds,
        words.forgetTrust({ connection }),
        ...(byAddress ? [words.forgetByAddress({ people: byAddress })] : []),
        ...(ifVerified ? [words.forgetIfVerified({ people: ifVerified })] : []),
        ...(byHand ? [words.forgetByHand({ people: byHand, connection })] : []),
        ...(noOwnerLeft ? [words.noOwnerLeft] : []),
      ];
      return { means, linking: counts(linking) };
    },
    end: async (client, whose) => {
      const why = [
        'The subjects of a connection were forgotten.',
        'Your organisation asks you to sign in anew.',
      ] as const;
      const revocation = revocationOf(changer, { connection: connectionId }, why);
      const forgotten =
        whose.kind === 'people'
          ? await forgetOfPeople(client, revocation, { connectionId, userIds: whose.userIds })
          : await forgetOfEveryone(client, revocation, connectionId);
      const target = { type: 'connection', id: connectionId };
      const detail = { people: forgotten.people };
      await recordEvent(client, { orgId, by, action: 'connection.subjects_forgotten', target, detail });
      return forgotten;
    },
  };
}

/** Whoever is linked meanwhile stays linked: their access isn't among what ends. */
async function forgetOfPeople(
  client: PoolClient,
  revocation: Revocation,
  of: Readonly<{ connectionId: string; userIds: readonly string[] }>,
): Promise<Forgotten> {
  const people = await releaseIdentities(client, revocation.orgId, of);
  await revokeAccessOfMany(client, { ...revocation, userIds: of.userIds });
  return { people, revocationId: null };
}

async function forgetOfEveryone(client: PoolClient, revocation: Revocation, connectionId: string): Promise<Forgotten> {
  const people = await releaseAllIdentities(client, revocation.orgId, connectionId);
  const ended = await revokeOrgAccess(client, revocation);
  return { people, revocationId: ended?.revocationId ?? null };
}

const counts = ({ byAddress, ifVerified, byHand }: Linking) => ({ byAddress, ifVerified, byHand });

const revocationOf = (
  { orgId, by, initiator }: Changer,
  asked: unknown,
  [reason, reasonForPerson]: readonly [administrators: string, person: string],
): Revocation => ({ orgId, by, initiator, asked, reason, reasonForPerson });

async function endOf(
  client: PoolClient,
  revocation: Omit<Parameters<typeof revokeAccess>[1], 'subject'>,
  userId: string,
): Promise<Ended> {
  const outcome = await revokeAccess(client, { ...revocation, subject: { userIds: [userId] } });
  if (outcome.result !== 'revoked') throw noSuchPerson();
  const { userId: _userId, result: _result, ...ended } = outcome;
  return ended;
}

function taken(what: string, { id, name, email }: Bearer, advice: string): AppError {
  return new AppError('conflict', `${what} is ${name}’s (${email}, ${id}) already. ${advice}`);
}

async function readPerson(db: Db, orgId: string, id: string): Promise<Person> {
  const { rows } = await db.query<Person>({
    name: 'person-names',
    text: `SELECT id, name, email, email_key AS "emailKey", role, provisioned,
                  user_name AS "userName", user_name_key AS "userNameKey"
           FROM users WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL`,
    values: [orgId, id],
  });
  if (!rows[0]) throw noSuchPerson();
  return rows[0];
}

/** A person has one for each connection at most, and an org has few connections. */
async function readIdentities(db: Db, orgId: string, userId: string): Promise<readonly NamedIdentity[]> {
  const { rows } = await db.query<NamedIdentity>({
    name: 'identities-named',
    text: `SELECT i.id, i.subject, jsonb_build_object('id', c.id, 'name', c.name) AS connection
           FROM identities i JOIN connections c ON c.org_id = i.org_id AND c.id = i.connection_id
           WHERE i.org_id = $1 AND i.user_id = $2`,
    values: [orgId, userId],
  });
  return rows;
}

/** Ids of the people who have a subject at the connection; one more than are ended one by one. */
async function readLinkedPeople(db: Db, orgId: string, connectionId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'people-of-connection',
    text: `SELECT u.id FROM identities i JOIN users u ON u.org_id = i.org_id AND u.id = i.user_id
           WHERE i.org_id = $1 AND i.connection_id = $2 AND u.deleted_at IS NULL LIMIT ${mostOneByOne + 1}`,
    values: [orgId, connectionId],
  });
  return rows.map(({ id }) => id);
}

async function requireConnection(db: Db, orgId: string, id: string, lock = false): Promise<NamedConnection> {
  const { rows } = await db.query<NamedConnection>({
    name: `connection-named-${lock}`,
    text: `SELECT id, name FROM connections WHERE org_id = $1 AND id = $2 ${lock ? 'FOR NO KEY UPDATE' : ''}`,
    values: [orgId, id],
  });
  if (!rows[0]) throw new AppError('not_found', 'The organisation has no connection of this id.');
  return rows[0];
}
