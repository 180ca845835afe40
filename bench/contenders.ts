import type { Child } from './child.ts';
import type { DirectJob } from './direct-load.ts';
import type { HttpJob, HttpRequest, Samples } from './http-load.ts';
import { accessTokenOf, apiKeyOf, betterAuthCookie, emailOf, expressCookie, sessionsEach, sidOf } from './people.ts';
import { rearmBetterAuth, rearmProduct, rearmProductWithGrants, rearmUsualStack } from './rearm.ts';
import type { Server, Store } from './store.ts';

export type Contender = Readonly<{
  name: string;
  /** Requests of a round: one after another, and with 16 connections. */
  counts: Readonly<{ sequential: number; parallel: number }>;
  /** Draws the people of the next job. */
  draw: (count: number) => readonly number[];
  run: (people: readonly number[], connections: number, budget: number) => Promise<Samples>;
  /** Restores the people's state from before the job. */
  rearm?: (people: readonly number[]) => Promise<unknown>;
  /** The process that answers; its CPU time is measured. */
  server?: Server;
}>;

type ForPerson = (n: number) => HttpRequest;

export const revocationRequest: ForPerson = (n) => ({
  method: 'POST',
  path: '/global-token-revocation',
  headers: { Authorization: `Bearer ${apiKeyOf(n)}` },
  body: { sub_id: { format: 'email', email: emailOf(n) } },
});

/** The names by which the report finds results. */
export const names = {
  endpoint: 'the endpoint',
  byJwt: 'the endpoint, by a JWT',
  withGrants: 'the endpoint, 5 grants too',
  statement: 'its SQL statement by pg',
  keyLookup: 'key look-up, no HTTP',
  barePost: 'bare Express POST',
  scan: "the workshop's scan",
  me: 'the product, cookie',
  meByToken: 'the product, access token',
  usualMe: 'the usual stack',
} as const;

/** The contenders that revoke: each job meets new people, with five live sessions each. */
export function revocationContenders(store: Store, load: Child): Contender[] {
  const { servers, pool, databaseUrl, nextPeople, nextPeopleWithGrants, jwtCaller } = store;
  const revoking = { counts: { sequential: 200, parallel: 1500 }, draw: nextPeople };
  const cheap = { counts: { sequential: 1000, parallel: 8000 }, draw: repeating(nextPeople, 1000) };
  const direct = (what: DirectJob['what']): Contender['run'] => {
    return (people, connections, budget) =>
      load.call('direct', { databaseUrl, what, people, connections, budget } satisfies DirectJob);
  };
  const http = (server: Server, request: ForPerson, expect = 204) => ({
    server,
    run: httpRun(load, server, request, expect),
  });
  const rearmed = { ...revoking, rearm: (people: readonly number[]) => rearmProduct(pool, people) };

  const contenders: Contender[] = [
    { name: names.endpoint, ...rearmed, ...http(servers.product, revocationRequest) },
    // This one follows directly, so that a disturbance of the machine hits both alike.
    {
      name: names.byJwt,
      ...rearmed,
      ...http(servers.product, (n) => ({
        ...revocationRequest(n),
        headers: { Authorization: `Bearer ${jwtCaller.jwtFor(n)}` },
      })),
    },
    {
      name: names.withGrants,
      ...revoking,
      draw: nextPeopleWithGrants,
      ...http(servers.product, revocationRequest),
      rearm: (people) => rearmProductWithGrants(pool, people),
    },
    { name: 'revokeAccess, no HTTP', ...rearmed, run: direct('revokeAccess') },
    { name: names.statement, ...rearmed, run: direct('statement') },
    { name: 'the same, waiting', ...rearmed, run: direct('waiting') },
    { name: 'the statement before 0.2.0', ...rearmed, run: direct('before') },
    { name: names.keyLookup, ...cheap, run: direct('keyLookup') },
    { name: names.barePost, ...cheap, ...http(servers.bare, revocationRequest) },
    {
      name: names.scan,
      ...revoking,
      counts: { sequential: 100, parallel: 200 },
      ...http(servers.workshop, revocationRequest),
      rearm: () => servers.workshop.child.call('rearm'),
    },
    {
      name: 'connect-pg-simple by JSON',
      ...revoking,
      counts: { sequential: 100, parallel: 200 },
      ...http(servers.usual, (n) => ({ method: 'POST', path: '/revoke', body: { n } })),
      rearm: (people) => rearmUsualStack(pool, people),
    },
  ];
  if (servers.betterAuth)
    contenders.push({
      name: 'better-auth revoke-sessions',
      ...revoking,
      counts: { sequential: 200, parallel: 800 },
      ...http(servers.betterAuth, betterAuthRequest, 200),
      rearm: (people) => rearmBetterAuth(pool, people),
    });
  return contenders;
}

/** Who am I: the product, the usual stack, and Express alone. */
export function readContenders({ servers, readers }: Store, load: Child): Contender[] {
  const sessions = readers.flatMap((n) => Array.from({ length: sessionsEach }, (_, k) => n * sessionsEach + k));
  const draw = repeating(() => sessions, sessions.length);
  const contender = (name: string, server: Server, credential: Credential, parallel: number): Contender => ({
    name,
    server,
    draw,
    counts: { sequential: 500, parallel },
    run: httpRun(
      load,
      server,
      (at) => ({
        method: 'GET',
        path: '/api/users/me',
        headers: credential(Math.floor(at / sessionsEach), at % sessionsEach),
      }),
      200,
    ),
  });
  return [
    contender(names.me, servers.product, cookie('session'), 12_000),
    contender(names.meByToken, servers.product, accessToken, 12_000),
    contender('bare Express handler', servers.bare, cookie('session'), 24_000),
    contender(names.usualMe, servers.usual, cookie('connect.sid'), 3000),
  ];
}

type Credential = (n: number, k: number) => Record<string, string>;
const cookie = (name: string): Credential => {
  return (n, k) => ({ Cookie: expressCookie(name, sidOf(n, k)) });
};
const accessToken: Credential = (n, k) => ({ Authorization: `Bearer ${accessTokenOf(n, k)}` });

function httpRun(load: Child, { port }: Server, request: ForPerson, expect: number): Contender['run'] {
  return (people, connections, budget) => {
    const distinct = [...new Set(people)];
    const requests = distinct.map(request);
    return load.call('http', { port, connections, budget, count: people.length, requests, expect } satisfies HttpJob);
  };
}

const betterAuthRequest: ForPerson = (n) => ({
  method: 'POST',
  path: '/api/auth/revoke-sessions',
  headers: { Cookie: betterAuthCookie(sidOf(n, 0)), Origin: 'http://localhost:3000' },
  body: {},
});

/** Draws at most `distinct` people and repeats them: for jobs that end nothing. */
function repeating(draw: (count: number) => readonly number[], distinct: number) {
  return (count: number): readonly number[] => {
    const drawn = draw(Math.min(count, distinct));
    return Array.from({ length: count }, (_, index) => drawn[index % drawn.length] as number);
  };
}
