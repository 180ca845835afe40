import { isDeepStrictEqual } from 'node:util';
import type { AssignableRole } from '../api/permissions.ts';
import { recordEvent } from '../audit/record.ts';
import { type By, isOperator } from '../by.ts';
import type {
  Connection,
  LogoutTokenEnds,
  Prisma,
  PrismaClient,
  Reauthentication,
  TokenEndpointAuth,
} from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { inTime, type TimePage } from '../database/time-key.ts';
import { AppError } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { refuseTooMany } from '../orgs/limits.ts';
import { sealSecret, secretToStore } from './client-secret.ts';
import { toldOfAuthTime } from './no-return.ts';
import { atIdp, createConnectionProofs, lockClient, provenMembers } from './proofs.ts';

export type NewConnection = Readonly<{
  /** Shown to administrators; the issuer's host when left out. */
  name?: string;
  issuer: string;
  /** Further issuers whose tokens count as this connection's. */
  acceptedIssuers?: string[];
  authorizationEndpoint: string;
  tokenEndpoint: string;
  userinfoEndpoint?: string | null;
  endSessionEndpoint?: string | null;
  jwksUri: string;
  tokenEndpointAuth?: TokenEndpointAuth;
  /** The IdP sends `iss` in the authorization response (RFC 9207), and then must. */
  responseIss?: boolean;
  clientId: string;
  /** In plain text; stored encrypted. */
  clientSecret: string;
  reauthentication?: Reauthentication;
  /** The claim that is a person's address. */
  emailClaim?: string;
  /** A start asks for `auth_time` by the `claims` parameter too (OpenID Connect Core §5.5). */
  requestAuthTime?: boolean;
  /** Off only for an IdP that refuses it (RFC 7636). */
  pkce?: boolean;
  /** What a logout token with a `sid` ends. */
  logoutTokenEnds?: LogoutTokenEnds;
  /** Signing out here goes on to the IdP. */
  signOutAtIdp?: boolean;
  /** The ID token claim that sets people's roles, and the role of each of its values. */
  roleClaim?: string | null;
  roleMapping?: RoleMapping;
}>;

type RoleMapping = Readonly<Record<string, AssignableRole>>;

export type ConnectionChanges = Partial<NewConnection> &
  Readonly<{
    active?: boolean;
    /** A new issuer has the same subjects: people linked under the old one stay linked. */
    sameSubjects?: boolean;
  }>;

/** A connection without its secret. */
export type ConnectionView = Omit<Connection, 'clientSecret'>;

export type Connections = ReturnType<typeof createConnections>;

/** The OIDC connections of orgs. Secrets are encrypted; a change is audited in its transaction. */
export function createConnections({ prisma, keyring }: { prisma: PrismaClient; keyring: Keyring }) {
  return {
    ...createConnectionProofs(prisma),

    /**
     * Adds a connection; the org's first one becomes authoritative for the org's domains.
     * @throws AppError conflict for a second active one of the same issuer and client id
     */
    addConnection(orgId: string, input: NewConnection, by: By): Promise<ConnectionView> {
      return prisma.$transaction((transaction) => insertConnection(transaction, keyring, orgId, input, by));
    },

    /**
     * Changes what is given and leaves the rest. After another issuer, client or key, or when it
     * was switched off, the connection must prove itself anew.
     * @throws AppError not_found; conflict when another issuer would lock people out, or for a
     * second active one of the same issuer and client id; invalid_request when the client secret is
     * missing
     */
    updateConnection(orgId: string, id: string, changes: ConnectionChanges, by: By): Promise<ConnectionView> {
      return prisma.$transaction(async (transaction) => {
        const { clientSecret, sameSubjects = false, ...plain } = changes;
        const before = await lockConnection(transaction, orgId, id, changes.clientId);
        const given = { ...plain, ...(await keepLinks(transaction, before, changes, sameSubjects)) };
        const data: Prisma.ConnectionUpdateManyMutationInput & Partial<Connection> = Object.fromEntries(
          Object.entries(given).filter(
            ([member, value]) => !isDeepStrictEqual(value, before[member as keyof Connection]),
          ),
        );
        const sealed = await secretToStore(keyring, before, data, clientSecret, by);
        if (sealed !== undefined) data.clientSecret = sealed;
        if (Object.keys(data).length > 0) {
          const otherwise = provenMembers.some((member) => member in data);
          const after = { ...before, ...data } as Connection;
          if (after.active && (otherwise || !before.active)) await refuseTwin(transaction, after);
          // `provenAt` is reset even if it was null: a proof of old values may come in between.
          if (otherwise || (data.active && !before.active)) Object.assign(data, { provenAt: null });
          // What another client, or another way to ask, is told is seen at the next sign-in.
          if (otherwise || 'requestAuthTime' in data) data.tellsAuthTime = null;
          if (data.acceptedIssuers) data.vouchingNeeded = needsVouching(by, after.acceptedIssuers);
          await transaction.connection.updateMany({ where: { orgId, id }, data });
          if (bars({ ...before, ...data }) && !bars(before)) await tellOnceADay(transaction, orgId, id, by);
          await recordEvent(transaction, {
            orgId,
            action: 'connection.changed',
            by,
            target: { type: 'connection', id },
            detail: { changed: Object.keys(data).join(' ') },
          });
          for (const policy of policies.filter((member) => member in data))
            await recordEvent(transaction, {
              orgId,
              action: 'policy.changed',
              by,
              target: { type: 'org', id: orgId },
              detail: { policy, connection: id, before: flat(before[policy]), after: flat(after[policy]) },
            });
        }
        return transaction.connection.findUniqueOrThrow({
          where: { orgId_id: { orgId, id } },
          omit: { clientSecret: true },
        });
      });
    },

    /** One of the org's connections; null when it has none of this id. */
    findConnection(orgId: string, id: string): Promise<ConnectionView | null> {
      return prisma.connection.findUnique({ where: { orgId_id: { orgId, id } }, omit: { clientSecret: true } });
    },

    /** When somebody last signed in through each, as far as the record says. */
    async lastSignIns(orgId: string, ids: readonly string[]): Promise<ReadonlyMap<string, Date>> {
      const rows = await prisma.$queryRaw<{ id: string; at: Date }[]>`
        SELECT c.id, e.at FROM unnest(${[...ids]}::text[]) AS c (id) CROSS JOIN LATERAL (
          SELECT at FROM audit_events
          WHERE org_id = ${orgId} AND detail->>'connection' = c.id AND action = 'sign_in.succeeded'
          ORDER BY at DESC, id DESC LIMIT 1) e`;
      return new Map(rows.map(({ id, at }) => [id, at]));
    },

    /** The org's connections, oldest first, without secrets: all, or a page. */
    listConnections(orgId: string, page?: TimePage): Promise<ConnectionView[]> {
      const { where, ...asked } = inTime('asc', page);
      return prisma.connection.findMany({ where: { orgId, ...where }, omit: { clientSecret: true }, ...asked });
    },
  };
}

/**
 * Reads the connection and locks it until the transaction ends. Clients are locked first and in
 * order, as where a connection is proven, so that nobody waits in a circle.
 * @throws AppError not_found, conflict
 */
async function lockConnection(
  db: Prisma.TransactionClient,
  orgId: string,
  id: string,
  clientId: string | undefined,
): Promise<Connection> {
  const find = () => db.connection.findUnique({ where: { orgId_id: { orgId, id } } });
  const seen = await find();
  if (!seen) throw new AppError('not_found', `The organisation has no connection ${id}.`);
  for (const client of [...new Set([seen.clientId, clientId ?? seen.clientId])].sort()) await lockClient(db, client);
  await db.$queryRaw`SELECT id FROM connections WHERE org_id = ${orgId} AND id = ${id} FOR NO KEY UPDATE`;
  const before = await find();
  if (before?.clientId === seen.clientId) return before;
  throw new AppError('conflict', ({ answers }) => answers.connectionChanged({ id }));
}

/** Whether it is known to let nobody return after a revocation. */
function bars({ active, reauthentication, tellsAuthTime }: Partial<Connection>): boolean {
  return active === true && reauthentication === 'verified' && tellsAuthTime === false;
}

async function tellOnceADay(db: Prisma.TransactionClient, orgId: string, id: string, by: By): Promise<void> {
  const told = `SELECT ${toldOfAuthTime('$1', '$2')} AS told`;
  const [row] = await db.$queryRawUnsafe<{ told: boolean }[]>(told, orgId, id);
  if (row?.told) return;
  const target = { type: 'connection', id };
  await recordEvent(db, { orgId, action: 'connection.auth_time_missing', by, target });
}

/** Audited with before and after, like the org's policies: these decide sign-in, roles and logout. */
const policies = ['reauthentication', 'emailClaim', 'pkce', 'logoutTokenEnds', 'roleClaim', 'roleMapping'] as const;

/** An event's detail is flat: a mapping stands there as JSON text. */
function flat(value: Prisma.JsonValue): string | boolean | null {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as string | boolean | null);
}

/** Multi-tenant IdPs use the same keys for all: a sign-in would prove another tenant's issuer. */
function needsVouching(by: By, acceptedIssuers: readonly string[]): boolean {
  return !isOperator(by) && acceptedIssuers.length > 0;
}

/**
 * A caller, a logout token or an event names its connection by issuer and client id: with two in
 * one org it could end only the access that one of them gave.
 */
async function refuseTwin(
  db: Prisma.TransactionClient,
  connection: Pick<Connection, 'orgId' | 'id' | 'clientId' | 'issuer' | 'acceptedIssuers'>,
): Promise<void> {
  const { orgId, id } = connection;
  await lockClient(db, connection.clientId);
  const twin = await db.connection.findFirst({
    where: { ...atIdp(connection), orgId, active: true, NOT: { id } },
    select: { id: true },
  });
  if (!twin) return;
  throw new AppError('conflict', ({ answers }) => answers.twinConnection(twin), { field: 'clientId' });
}

/** Identities keep the issuer they were made with: without it those people couldn't sign in. */
async function keepLinks(
  db: Prisma.TransactionClient,
  before: Connection,
  { issuer = before.issuer, acceptedIssuers = before.acceptedIssuers }: ConnectionChanges,
  sameSubjects: boolean,
): Promise<{ acceptedIssuers?: string[] }> {
  const { orgId, id: connectionId } = before;
  if ([issuer, ...acceptedIssuers].includes(before.issuer)) return {};
  const linked = await db.identity.count({
    where: { orgId, connectionId, issuer: before.issuer, user: { deletedAt: null } },
  });
  if (linked === 0) return {};
  if (sameSubjects) return { acceptedIssuers: [...acceptedIssuers, before.issuer] };
  const left = { count: linked, issuer: before.issuer };
  throw new AppError('conflict', ({ answers }) => answers.keptLinks(left), { field: 'issuer' });
}

/** Makes `createOrg` begin an org with this connection. */
export function beginWith(keyring: Keyring, connection: NewConnection, by: By) {
  return (db: Prisma.TransactionClient, orgId: string) => insertConnection(db, keyring, orgId, connection, by);
}

export async function insertConnection(
  db: Prisma.TransactionClient,
  keyring: Keyring,
  orgId: string,
  input: NewConnection,
  by: By,
): Promise<ConnectionView> {
  const id = newId('connection');
  await refuseTooMany(db, orgId, 'connections', by);
  await refuseTwin(db, { acceptedIssuers: [], ...input, orgId, id });
  const first = (await db.connection.count({ where: { orgId } })) === 0;
  const added = await db.connection.create({
    data: {
      ...input,
      orgId,
      id,
      vouchingNeeded: needsVouching(by, input.acceptedIssuers ?? []),
      name: input.name ?? new URL(input.issuer).hostname,
      clientSecret: await sealSecret(keyring, { orgId, id }, input.clientSecret),
    },
    omit: { clientSecret: true },
  });
  // A trigger makes it authoritative for them (`keep_authority` in prisma/rules/people.sql).
  if (first) await db.domain.updateMany({ where: { orgId, connectionId: null }, data: { connectionId: id } });
  await recordEvent(db, {
    orgId,
    action: 'connection.added',
    by,
    target: { type: 'connection', id },
    detail: { issuer: input.issuer, clientId: input.clientId },
  });
  return added;
}
