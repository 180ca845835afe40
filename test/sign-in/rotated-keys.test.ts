import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { type Answer, answers } from '../support/hostile-answers.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

/** Sign-ins whose callbacks come after `change`, all at once: who is signed in then. */
async function signInAcross(change: () => void, count = 1): Promise<number[]> {
  const browsers = Array.from({ length: count }, () => createBrowser({ baseUrl: bed.url }));
  const callbacks = await Promise.all(browsers.map((browser) => bed.begin(browser)));
  change();
  await Promise.all(browsers.map((browser, index) => browser.finish(callbacks[index] as string)));
  return Promise.all(browsers.map(async (browser) => (await browser.get('/api/users/me')).status));
}

/** The first `count` answers of the key set are made so. */
function answerFirst(count: number, answer: Answer): void {
  const { keys } = bed.hostile;
  let left = count;
  bed.hostile.set('jwks', async (request, response) => {
    left -= 1;
    await (left >= 0 ? answer : answers.json(await keys.jwks()))(request, response);
  });
}

test.each([
  ['under a new id', { keepKid: false }, {}],
  ['under the id of the old one', { keepKid: true }, {}],
  ['that has no id', { keepKid: false }, { header: { kid: undefined } }],
] as const)(
  'nobody is refused whose key is a new one %s, without overlap, again and again',
  async (_name, how, token) => {
    bed.hostile.setIdToken(token);
    for (let round = 0; round < 5; round += 1)
      expect(await signInAcross(() => bed.hostile.keys.rotate(how), 4)).toEqual([200, 200, 200, 200]);
  },
);

test('nobody is refused while the published keys lag behind', async () => {
  expect((await bed.attempt()).me.status).toBe(200);
  answerFirst(2, answers.json(await bed.hostile.keys.jwks()));
  expect(await signInAcross(() => bed.hostile.keys.rotate(), 2)).toEqual([200, 200]);
});

test('nobody is refused because the keys cannot be had for a moment', async () => {
  expect((await bed.attempt()).me.status).toBe(200);
  answerFirst(2, answers.status(503));
  expect(await signInAcross(() => bed.hostile.keys.rotate(), 2)).toEqual([200, 200]);
});

test('nobody is refused after junk that has just used up every fetch of strangers', async () => {
  expect((await bed.attempt()).me.status).toBe(200);
  const junk = () =>
    fetch(`${bed.url}/openid/backchannel-logout/hostile`, {
      method: 'POST',
      body: new URLSearchParams({
        logout_token: bed.hostile.keys.sign(
          { iss: bed.hostile.issuer, aud: bed.hostile.clientId },
          { signer: 'foreign', header: { typ: 'logout+jwt', kid: crypto.randomUUID() } },
        ),
      }),
    });
  const heard = [];
  for (let count = 0; count < 3; count += 1) heard.push((await junk()).status);
  expect(heard).toEqual([400, 503, 503]);
  expect(await signInAcross(() => bed.hostile.keys.rotate())).toEqual([200]);
});
