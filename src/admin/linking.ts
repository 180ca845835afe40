import { recordEvent } from '../audit/record.ts';
import { AppError } from '../errors.ts';
import { ownReasons } from '../sessions/own-reasons.ts';
import { bearerOfSubject, insertIdentity, readLinking, releaseIdentities } from '../users/identities.ts';
import { type Changer, counts, type Ended, endOf, revocationOf } from './changer.ts';
import { type ConcernedName, type ConcernedPeople, digestOf, lookAtPerson } from './concerned.ts';
import type { Ending } from './end-confirmed.ts';
import {
  type NamedConnection,
  type NamedIdentity,
  type NamedPerson,
  readIdentities,
  readPerson,
  requireConnection,
} from './known-names.ts';

/**
 * Links a subject at a connection to a person, and moves none from anybody. Returns the identity's
 * id. @throws AppError not_found; conflict
 */
export function linkingIdentity(
  { orgId, by }: Changer,
  userId: string,
  { connectionId, subject }: Readonly<{ connectionId: string; subject: string }>,
): Ending<ConcernedName & { person: NamedPerson; connection: NamedConnection }, string> {
  return {
    confirmed: { action: 'link', target: digestOf([userId, connectionId, subject]) },
    permission: 'identity.change',
    look: async (db, lock) => {
      const { standing } = await lookAtPerson(db, orgId, userId, lock);
      const person = await readPerson(db, orgId, userId);
      const connection = await requireConnection(db, orgId, connectionId);
      const bearer = await bearerOfSubject(db, orgId, { connectionId, subject });
      if (bearer)
        throw new AppError('conflict', ({ answers }) => answers.subjectTaken({ bearer: answers.bearer(bearer) }), {
          field: 'subject',
        });
      const before = (await readIdentities(db, orgId, userId)).find((linked) => linked.connection.id === connectionId);
      if (before)
        throw new AppError(
          'conflict',
          ({ answers }) => answers.linkedAlready({ name: person.name, identity: before.id }),
          { field: 'connection' },
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
): Ending<ConcernedPeople & { person: NamedPerson; identity: NamedIdentity }, Ended> {
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
      const why = ['An identity was unlinked.', ownReasons.identityChanged] as const;
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
