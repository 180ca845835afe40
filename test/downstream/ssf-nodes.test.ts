import { once } from 'node:events';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startTwoNodes } from '../support/product.ts';
import { addReceiver, type EventReceiver, receiverAt, type Sets } from './event-receiver.ts';

let product: Product;
let receivers: [EventReceiver, EventReceiver];
let stream: string;
beforeAll(async () => {
  const started = await startTwoNodes();
  product = started.product;
  const app = await addReceiver(product);
  receivers = [receiverAt(product, app), receiverAt(product, app)];
  const token = await receivers[0].askForToken();
  const [first, second] = started.nodes;
  receivers = [first, second].map((url) => {
    const receiver = receiverAt({ ...product, url }, app);
    receiver.useToken(token);
    return receiver;
  }) as typeof receivers;
  stream = (await receivers[0].createStream()).body.stream_id as string;
});
afterAll(() => product?.stop());

const revoke = async (at: string) => {
  const [user] = await plantUsers(product, 1);
  const { status } = await product.revoke({ format: 'email', email: user?.email }, { at });
  expect(status).toBe(204);
  return user?.email as string;
};
const told = (sets: unknown) =>
  Object.values(sets as Sets).map((set) => (decodeJwt(set).sub_id as { email: string }).email);

it('a poll at one node is answered with what was ended at another', async () => {
  const answer = receivers[1].call('POST', `/poll/${stream}`, {});
  await new Promise((resolve) => setTimeout(resolve, 300));
  const email = await revoke(product.nodes[1] as string);
  const { status, body } = await answer;
  expect([status, told(body.sets)]).toEqual([200, [email]]);
  await receivers[1].poll(stream, { maxEvents: 0, ack: Object.keys(body.sets as Sets) });
});

it('a node that is killed loses nothing that was not acknowledged, and keeps nobody from fetching it', async () => {
  const emails = [await revoke(product.nodes[1] as string), await revoke(product.nodes[1] as string)];
  while (Object.keys((await receivers[0].poll(stream)).body.sets as Sets).length < 2);
  const [node] = product.processes;
  const cut = receivers[0].call('POST', `/poll/${stream}`, { maxEvents: 1 }).catch(() => null);
  node?.kill('SIGKILL');
  if (node?.exitCode === null && node.signalCode === null) await once(node, 'exit');
  await cut;
  const { body } = await receivers[1].poll(stream);
  expect(told(body.sets).toSorted()).toEqual(emails.toSorted());
});
