import { until } from '../notifications/support.ts';
import type { clientOf } from '../support/planted-administrators.ts';
import type { Product } from '../support/product.ts';

type Send = ReturnType<typeof clientOf>;

export type LifelikeAccounts = Awaited<ReturnType<typeof plantAccounts>>;

/** Shared accounts of several kinds, with people who may use them. Returns the ids of two. */
export async function plantAccounts(send: Send, idOf: (name: string) => string) {
  const add = async (account: object): Promise<string> => {
    const { body } = await send('POST', '/accounts', { password: 'correct-horse-battery', ...account });
    return String(body.id);
  };
  const give = (account: string, right: 'use' | 'manage', ...names: string[]) =>
    Promise.all(names.map((name) => send('POST', `/accounts/${account}/rights`, { userId: idOf(name), right })));
  const orders = await add({
    name: 'Orders database',
    userName: 'orders_app',
    place: 'orders-db.whiterabbit.fake',
    notes: 'Reports read the replica.',
    connector: 'postgresql',
    settings: { host: 'orders-db.whiterabbit.fake' },
    administrator: { userName: 'password_changer', password: 'of-the-administrator' },
  });
  const ship = await add({
    name: 'Ship’s computer',
    userName: 'operator',
    place: 'https://computer.whiterabbit.fake',
    connector: 'http',
    settings: {
      url: 'https://computer.whiterabbit.fake/password',
      body: { type: 'json', template: '{"user":"{{user}}","password":"{{new}}"}' },
    },
    everyDays: 90,
  });
  const cache = await add({
    name: 'Session cache',
    userName: 'cache',
    place: 'cache.whiterabbit.fake',
    connector: 'redis',
    settings: { host: 'cache.whiterabbit.fake' },
  });
  const printer = await add({ name: 'Printer on deck 3', userName: 'admin', place: 'Deck 3, behind the plant' });
  await give(orders, 'use', 'Zoe Smith', 'Neo Anderson', 'Tank Williams');
  await give(orders, 'manage', 'Niobe Okafor');
  await give(ship, 'use', 'Zoe Smith', 'Neo Anderson');
  await give(printer, 'use', 'Dozer Williams');
  await give(cache, 'manage', 'Tank Williams');
  return { orders, ship, cache, printer };
}

/** What became of changes of passwords, as if the systems had answered. */
export async function settleRotations(product: Product, { printer, cache }: LifelikeAccounts): Promise<void> {
  const { pool } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  await until(async () => (await pool.query('SELECT FROM account_outbox WHERE org_id = $1', [orgId])).rowCount === 0);
  const set = (columns: string, of: string, values: readonly unknown[] = []) =>
    pool.query(
      `UPDATE account_rotations SET claim = claim + 1, due_at = now() + interval '9 days', ${columns} WHERE org_id = $1 AND ${of}`,
      [orgId, ...values],
    );
  await set(
    `state = 'done', candidate = 2, previous = 1, error = NULL, do_until = NULL, started_at = created_at + interval '0.2 seconds',
     promoted_at = created_at + interval '0.5 seconds', finished_at = created_at + interval '0.9 seconds'`,
    `state <> 'done' AND account_id <> ALL ($2)`,
    [[printer, cache]],
  );
  await set(`state = 'manual', error = 'not_supported', do_until = now() + interval '1 day'`, `account_id = $2`, [
    printer,
  ]);
}
