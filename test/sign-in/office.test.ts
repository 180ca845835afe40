import { expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createBrowser } from '../support/browser.ts';
import { inParallel, plantUsers } from '../support/planted-sessions.ts';
import { startProduct, trinity } from '../support/product.ts';
import { beginDevice, startOf } from '../tokens/support.ts';

/** Sign-ins, people of the office, and how many of them are at it at the same moment. */
const signIns = 300;
const office = 500;
const atOnce = 12;
/** More at once than this test's own machine answers are no more of an office. */
const connections = 200;

it('an office behind one address gets back in after "sign everyone out", and no honest step is a 429', async () => {
  const product = await startProduct();
  const statuses = new Map<string, Map<number, number>>();
  const note = (step: string, status: number) => {
    const of = statuses.get(step) ?? new Map<number, number>();
    statuses.set(step, of.set(status, (of.get(status) ?? 0) + 1));
  };
  const ask = async (step: string, path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${product.url}${path}`, { redirect: 'manual', ...init });
    await answer.arrayBuffer();
    note(step, answer.status);
  };
  try {
    const people = await plantUsers(product, office);
    await product.context.pool.query('UPDATE orgs SET generation = generation + 1 WHERE id = $1', [
      product.orgs.whiterabbit.id,
    ]);
    // All pages at the same moment: the API, their streams, and the way to the sign-in.
    await inParallel(
      people.flatMap(({ cookies: [cookie = ''] }) => [
        () => ask('401', '/api/users/me', { headers: { cookie } }),
        () => ask('stream', '/api/users/me/events', { headers: { cookie } }),
        () => ask('page', '/', { headers: { cookie, accept: 'text/html' } }),
        () => ask('start', '/openid/start/whiterabbit', { headers: { cookie, accept: 'text/html' } }),
        () =>
          ask('find org', '/api/openid/check', {
            method: 'POST',
            headers: { 'content-type': 'application/json', origin: product.url },
            body: JSON.stringify({ username: trinity.email }),
          }),
        // A callback of a start from before the sign-out, from the history of the browser.
        () =>
          ask('stale callback', '/openid/callback/whiterabbit?code=a&state=b', { headers: { accept: 'text/html' } }),
        // The app on the phone, and the command line.
        () => ask('app', new URL(startOf(product).url).pathname + new URL(startOf(product).url).search),
        () => ask('device page', '/oauth/device', { headers: { accept: 'text/html' } }),
      ]),
      connections,
      (step) => step(),
    );
    const stepsOf = (step: string) => [...(statuses.get(step)?.keys() ?? [])];
    expect([stepsOf('401'), stepsOf('stream')]).toEqual([[401], [401]]);
    for (const step of ['page', 'start', 'find org', 'app', 'device page'])
      for (const status of stepsOf(step)) expect([step, status < 400]).toEqual([step, true]);
    expect(stepsOf('stale callback')).toEqual([400]);

    await inParallel(
      Array.from({ length: signIns }, (_, index) => index),
      atOnce,
      async () => {
        const browser = createBrowser({ baseUrl: product.url });
        const page = await browser.signIn({ appUrl: product.url, org: 'whiterabbit', ...trinity });
        note('sign-in', page.status);
        note('me', (await browser.get('/api/users/me')).status);
      },
    );
    expect([stepsOf('sign-in'), stepsOf('me')]).toEqual([[200], [200]]);

    // Everybody's page asks for its own list at once.
    const back = await plantUsers(product, office);
    await inParallel(back, connections, ({ cookies: [cookie = ''] }) =>
      ask('own list', '/api/todos', { headers: { cookie } }),
    );
    expect(stepsOf('own list')).toEqual([200]);

    // 60 command lines at once: as many honest codes are typed at the same moment.
    const browsers = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const browser = createBrowser({ baseUrl: product.url });
        return { browser, form: await browser.get('/oauth/device'), device: await beginDevice(product) };
      }),
    );
    const typed = await Promise.all(
      browsers.map(({ browser, form, device }) =>
        browser.submitForm(form, { user_code: device.user_code }, 'user_code'),
      ),
    );
    expect(new Set(typed.map(({ status }) => status))).toEqual(new Set([200]));

    // A stranger at the same address who guesses a key is stopped; the office's own key isn't.
    const guesses = await Promise.all(Array.from({ length: 40 }, () => product.revoke(undefined, { apiKey: 'guess' })));
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(10);
    const { apiKey } = await product.context.apiKeys.create(product.orgs.whiterabbit.id, { name: 'k' }, byOperator);
    expect((await product.revoke(undefined, { apiKey })).status).toBe(204);
  } finally {
    await product.stop();
  }
}, 180_000);
