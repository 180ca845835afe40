import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startTwoNodes } from '../support/product.ts';
import { api, approveDevice, beginDevice, newBrowser, poll, pollInTime } from './support.ts';

let product: Product;
let nodes: [string, string];
beforeAll(async () => {
  ({ product, nodes } = await startTwoNodes());
});
afterAll(() => product.stop());

const errorOf = async (answer: ReturnType<typeof poll>) => (await answer).body.error;
/** What the database says of the newest device code: its interval, and the seconds until the next poll. */
async function waiting(): Promise<{ seconds: number; left: number; xmin: string }> {
  const { rows } = await product.context.pool.query(
    `SELECT poll_seconds AS seconds, extract(epoch FROM poll_after - now())::float8 AS left, xmin::text AS xmin
     FROM tokens WHERE kind = 'DeviceCode' ORDER BY created_at DESC LIMIT 1`,
  );
  return rows[0];
}

describe('a device that polls (RFC 8628 §3.5)', () => {
  it('is told the interval, and may ask a first time at once', async () => {
    const device = await beginDevice(product);
    expect(device.interval).toBe(5);
    expect(await errorOf(poll(product, device.device_code))).toBe('authorization_pending');
    const { seconds, left } = await waiting();
    expect(seconds).toBe(5);
    // A second is for the way.
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(4);
  });

  it('hears slow_down when it asks too early, at any node, and has five seconds more to wait each time', async () => {
    const { device_code } = await beginDevice(product);
    expect(await errorOf(poll(product, device_code, { at: nodes[0] }))).toBe('authorization_pending');
    const early = await poll(product, device_code, { at: nodes[1] });
    expect([early.status, early.body.error]).toEqual([400, 'slow_down']);
    expect(await waiting()).toMatchObject({ seconds: 10 });
    expect(await errorOf(poll(product, device_code, { at: nodes[0] }))).toBe('slow_down');
    expect(await waiting()).toMatchObject({ seconds: 15 });
    expect(await errorOf(pollInTime(product, device_code))).toBe('authorization_pending');
    // The interval stays as long as it is by now.
    const { seconds, left } = await waiting();
    expect(seconds).toBe(15);
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThanOrEqual(14);
  });

  it('hears it once for each poll but one, of many at two nodes at once', async () => {
    const { device_code } = await beginDevice(product);
    const heard = await Promise.all(
      Array.from({ length: 8 }, (_, index) => errorOf(poll(product, device_code, { at: nodes[index % 2] as string }))),
    );
    expect(heard.filter((error) => error === 'authorization_pending')).toHaveLength(1);
    expect(heard.filter((error) => error === 'slow_down')).toHaveLength(7);
    expect(await waiting()).toMatchObject({ seconds: 5 + 7 * 5 });
  });

  it('waits a minute at most, and beyond that writes nothing however often it asks', async () => {
    const { device_code } = await beginDevice(product);
    for (let round = 0; round < 12; round += 1) await poll(product, device_code);
    const most = await waiting();
    expect(most.seconds).toBe(60);
    expect(most.left).toBeLessThanOrEqual(59);
    for (let round = 0; round < 5; round += 1) expect(await errorOf(poll(product, device_code))).toBe('slow_down');
    expect((await waiting()).xmin).toBe(most.xmin);
  });

  it('gets its tokens once they are approved, also where it was too fast before', async () => {
    const { device_code, user_code } = await beginDevice(product);
    for (let round = 0; round < 3; round += 1) await poll(product, device_code);
    await approveDevice(product, await product.signIn(), user_code);
    const { status, body } = await poll(product, device_code);
    expect(status).toBe(200);
    expect((await api(product, body.access_token)).status).toBe(200);
  });

  it('hears of a refusal, and of the end of its code, however early it asks', async () => {
    const { device_code, user_code } = await beginDevice(product);
    await poll(product, device_code);
    const browser = newBrowser(product);
    const first = await browser.get('/oauth/device');
    const confirm = await browser.submitForm(first, { user_code }, 'user_code');
    await browser.submitForm(confirm, { abort: 'yes' }, 'user_code');
    expect(await errorOf(poll(product, device_code))).toBe('access_denied');

    const other = await beginDevice(product);
    await poll(product, other.device_code);
    await product.context.pool.query(
      `UPDATE tokens SET payload = jsonb_set(payload, '{exp}', '1000') WHERE kind = 'DeviceCode'`,
    );
    expect(await errorOf(poll(product, other.device_code))).toBe('expired_token');
  });

  it('is slowed down by nobody else: another app’s poll, and the person at the page, count nothing', async () => {
    const { device_code, user_code } = await beginDevice(product);
    await poll(product, device_code, { clientId: 'mobile-app' });
    await poll(product, device_code, { clientId: 'mobile-app' });
    const browser = newBrowser(product);
    await browser.submitForm(await browser.get('/oauth/device'), { user_code }, 'user_code');
    expect(await waiting()).toMatchObject({ seconds: 5, left: null });
    expect(await errorOf(poll(product, device_code))).toBe('authorization_pending');
  });
});
