import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addReceiver, eventOf, receiverAt, uris } from './event-receiver.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

it('tells a receiver that polls of a sign-out', async () => {
  const receiver = receiverAt(product, await addReceiver(product));
  await receiver.askForToken();
  const created = await receiver.createStream();
  expect(created.status).toBe(201);
  const id = created.body.stream_id as string;
  const [user] = await plantUsers(product, 1);
  expect((await product.revoke({ format: 'email', email: user?.email })).status).toBe(204);
  const [payload] = await receiver.pollFor(id, 1);
  expect(eventOf(payload as JWTPayload)).toMatchObject([uris.revoked, { initiating_entity: 'system' }]);
});
