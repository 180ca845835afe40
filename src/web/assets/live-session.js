// Keeps a page from outliving its session: the server's stream tells of the end within a second, a
// 401 too, and a page that returns from the background or the back-forward cache asks first.

import { say, sayProblem } from './words.js';

const leastWait = 1_000;
const greatestWait = 15_000;
const steady = 10_000;
const root = document.documentElement;
const whenBack = [];
const whenTold = [];
// A stream takes one of the six connections that a browser opens to a host over HTTP/1.1. So one
// tab holds the stream and passes its news on; when that tab goes, the next one takes over.
const tabs = new BroadcastChannel('live-session');
// A channel of its own: a tab with an older script takes any message of the first for an end.
const news = new BroadcastChannel('notifications');
let stream = null;
let turn = null;
let timer = 0;
let failures = 0;
let openedAt = Number.POSITIVE_INFINITY;
let leaving = false;
let signingOut = false;

/**
 * Follows the session from now on. `onBack` runs when the page returns to a living session, `onTold`
 * when administrators are told of something: nobody else's page hears that.
 */
export function followSession({ onBack, onTold = () => {} }) {
  whenBack.push(onBack);
  whenTold.push(onTold);
  connect();
  tabs.addEventListener('message', ({ data }) => leave(data.reason, data.at));
  news.addEventListener('message', tell);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void comeBack();
  });
  addEventListener('online', () => void comeBack());
  addEventListener('pagehide', (event) => {
    disconnect();
    // The back-forward cache must keep the page hidden.
    if (event.persisted) root.dataset.checking = '';
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) void comeBack();
  });
}

/** JSON in, JSON out (null for 204). Throws an Error for people to read; a 401 leaves the page. */
export async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { Accept: 'application/json', ...(body ? { 'Content-Type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
      cache: 'no-store',
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new Error(say('noAnswer'));
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.status === 401) {
    leave(answer?.code, answer?.signedOutAt);
    return new Promise(() => {});
  }
  if (response.ok) return answer;
  throw new Error(response.status < 500 && answer?.detail ? sayProblem(answer) : say('failed'));
}

/**
 * Ends the session, by `path` in place of a plain sign-out if need be, and leaves: for the page
 * that says so, or for the identity provider where the sign-out goes on there. Throws as `request`
 * does if the session could not be ended.
 */
export async function signOut(path = '/api/signout', body = undefined) {
  // News of this same sign-out must not lead the page elsewhere.
  signingOut = true;
  disconnect();
  try {
    const answer = await request('POST', path, body);
    signingOut = false;
    if (answer?.logoutUrl) leaveFor(answer.logoutUrl);
    else leave('ended');
  } catch (error) {
    signingOut = false;
    connect();
    throw error;
  }
}

/** Removes everything personal, then goes to the page that says why. */
export function leave(reason, at) {
  if (signingOut) return;
  const query = new URLSearchParams({ reason: String(reason ?? 'none').replace(/^session_/, '') });
  if (at) query.set('at', at);
  // After a sign-out of their own nobody is led back to where they were.
  if (query.get('reason') !== 'ended') query.set('returnTo', location.pathname + location.search);
  leaveFor(`/signed-out?${query}`);
}

function leaveFor(address) {
  if (leaving) return;
  leaving = true;
  disconnect();
  document.body.replaceChildren();
  delete root.dataset.checking;
  // The address is replaced, so that the back button doesn't lead to a page that is gone.
  location.replace(address);
}

function connect() {
  disconnect();
  if (leaving || signingOut) return;
  // Without `locks` (http from another machine) each tab has a stream of its own.
  if (!navigator.locks) return openStream();
  turn = new AbortController();
  const { signal } = turn;
  const held = new Promise((resolve) => {
    signal.addEventListener('abort', resolve);
  });
  const hold = () => {
    openStream();
    return held;
  };
  navigator.locks.request('live-session', { signal }, hold).catch(() => {});
}

function openStream() {
  stream = new EventSource('/api/users/me/events');
  stream.addEventListener('open', () => {
    openedAt = Date.now();
  });
  stream.addEventListener('signed-out', (event) => {
    const { reason, at } = readJson(event.data);
    tabs.postMessage({ reason, at });
    leave(reason, at);
  });
  stream.addEventListener('notifications', () => {
    news.postMessage(null);
    tell();
  });
  // A browser gives up on a 503, and retries a lost connection without jitter: so we retry.
  stream.addEventListener('error', () => {
    disconnect();
    void checkThenConnect();
  });
}

function disconnect() {
  clearTimeout(timer);
  turn?.abort();
  turn = null;
  stream?.close();
  stream = null;
}

function tell() {
  for (const run of whenTold) run();
}

async function checkThenConnect() {
  // A stream that closes at once after opening (too many tabs) counts as a failure too.
  if (Date.now() - openedAt > steady) failures = 0;
  openedAt = Number.POSITIVE_INFINITY;
  await isAlive();
  if (leaving) return;
  const wait = Math.min(greatestWait, leastWait * 2 ** failures);
  failures += 1;
  clearTimeout(timer);
  timer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
}

async function comeBack() {
  const alive = await isAlive();
  if (leaving) return;
  // The page is hidden and its session unknown: the server decides, by a fresh page.
  if (!alive && 'checking' in root.dataset) return location.reload();
  delete root.dataset.checking;
  if (!alive) return;
  failures = 0;
  if (!stream && !turn) connect();
  for (const run of whenBack) run();
}

/** False if the answer didn't come. A 401 leaves the page. */
async function isAlive() {
  try {
    await request('GET', '/api/users/me');
    return true;
  } catch {
    return false;
  }
}

function readJson(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
