import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';

type Todo = { id: string; task: string; completed: boolean; createdAt: string; completedAt: string | null };

let product: Product;
let trinity: Browser;
let twin: Browser;
let neo: Browser;
beforeAll(async () => {
  product = await startProduct();
  trinity = await product.signIn();
  twin = await product.signIn('metacortex');
  neo = await product.signIn('whiterabbit', { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' });
});
afterAll(() => product.stop());

const list = async (browser: Browser) => (await browser.get('/api/todos')).json<{ todos: Todo[] }>().todos;
const add = async (browser: Browser, task: string) =>
  (await browser.post('/api/todos', { json: { task } })).json<Todo>();

it('GET /api/users/me is flat scalars', async () => {
  const me = (await trinity.get('/api/users/me')).json();
  expect(me).toMatchObject({
    id: product.orgs.whiterabbit.userId,
    email: 'trinity@whiterabbit.fake',
    orgId: product.orgs.whiterabbit.id,
    role: 'member',
  });
  for (const value of Object.values(me)) expect(['string', 'number', 'boolean']).toContain(typeof value);
});

describe('todos', () => {
  it('lives its life: added, completed with the whole todo sent back, renamed, deleted', async () => {
    const todo = await add(trinity, '  Follow the white rabbit  ');
    expect(todo).toMatchObject({ task: 'Follow the white rabbit', completed: false, completedAt: null });
    expect(Object.keys(todo).sort()).toEqual(['completed', 'completedAt', 'createdAt', 'id', 'task']);
    const whole = { ...todo, completed: true, orgId: 'org_other', userId: 'usr_other', id: 'tod_other' };
    const done = await trinity.put(`/api/todos/${todo.id}`, { json: whole });
    expect([done.status, done.json<Todo>().completed]).toEqual([200, true]);
    const { completedAt } = done.json<Todo>();
    expect(Date.parse(completedAt as string)).toBeGreaterThan(0);
    const renamed = (
      await trinity.put(`/api/todos/${todo.id}`, { json: { ...done.json<Todo>(), task: 'Knock, knock' } })
    ).json<Todo>();
    expect(renamed).toMatchObject({ task: 'Knock, knock', completed: true, completedAt });
    const undone = (await trinity.put(`/api/todos/${todo.id}`, { json: { completed: false } })).json<Todo>();
    expect(undone).toMatchObject({ completed: false, completedAt: null });
    const again = await trinity.post('/api/todos', { json: { task: 'Knock', completed: true } });
    expect([again.status, again.json<Todo>().completed]).toEqual([201, true]);
    expect(Date.parse(again.json<Todo>().completedAt as string)).toBeGreaterThan(0);
    await trinity.delete(`/api/todos/${again.json<Todo>().id}`);
    const deleted = await trinity.delete(`/api/todos/${todo.id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await trinity.delete(`/api/todos/${todo.id}`)).status).toBe(404);
  });

  it('takes one from the form of the page, which a browser sends where no script has come yet', async () => {
    const page = await trinity.get('/todos');
    for (const task of ['Wake up, without a script', ' ']) {
      const answer = await trinity.submitForm(page, { task }, 'task');
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/todos']);
    }
    expect(await list(twin)).toEqual([]);
    const visitor = createBrowser({ baseUrl: product.url });
    const gone = await visitor.submitForm(page, { task: 'Nobody’s' }, 'task');
    expect([gone.status, gone.headers.get('location')]).toEqual([303, '/todos']);
    const foreign = await trinity.post('/todos', { form: { task: 'Not mine' }, crossSite: true });
    expect(foreign.status).toBe(403);
    const [kept, ...more] = await list(trinity);
    expect([kept?.task, more]).toEqual(['Wake up, without a script', []]);
    expect((await trinity.delete(`/api/todos/${kept?.id}`)).status).toBe(204);
  });

  it("another person's todo is 404, of one's own org or another, and stays as it is", async () => {
    const todo = await add(trinity, 'private');
    for (const other of [neo, twin]) {
      expect((await other.put(`/api/todos/${todo.id}`, { json: { task: 'mine now' } })).status).toBe(404);
      expect((await other.delete(`/api/todos/${todo.id}`)).status).toBe(404);
      expect(await list(other)).toEqual([]);
    }
    expect(await list(trinity)).toEqual([todo]);
  });

  it.each([
    ['no task', {}],
    ['an empty task', { task: '   ' }],
    ['a task that is no text', { task: { $gt: '' } }],
    ['a task that is too long', { task: 'x'.repeat(1001) }],
  ])('400 for %s, and the detail says what', async (_name, json) => {
    const answer = await trinity.post('/api/todos', { json });
    expect([answer.status, answer.json().detail]).toEqual([400, expect.stringContaining('task')]);
  });

  it('are a thousand at most, also where many are added at once: 409, until some are gone', async () => {
    const browser = await product.signIn('metacortex', { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' });
    const me = (await browser.get('/api/users/me')).json<{ id: string; orgId: string }>();
    await product.context.pool.query(
      `INSERT INTO todos (org_id, id, user_id, task, created_at)
       SELECT $1, 'tod_' || lpad(n::text, 4, '0'), $2, n::text, '2026-01-01T00:00:00Z' FROM generate_series(1, 995) n`,
      [me.orgId, me.id],
    );
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => browser.post('/api/todos', { json: { task: 'one more' } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(201), ...Array(7).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.json()).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('1000'),
    });
    const whole = (await browser.get('/api/todos')).json<{ todos: Todo[]; next?: string }>();
    expect([whole.todos.length, whole.next]).toEqual([1000, undefined]);
    // Those of one instant are told apart by their ids.
    const paged: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const page = (await browser.get(`/api/todos?limit=300${cursor}`)).json<{ todos: Todo[]; next?: string }>();
      paged.push(...page.todos.map(({ id }) => id));
      if (page.next === undefined) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(paged).toEqual(whole.todos.map(({ id }) => id));
    expect((await browser.delete('/api/todos/tod_0001')).status).toBe(204);
    expect((await browser.post('/api/todos', { json: { task: 'room again' } })).status).toBe(201);
  });

  it('come in pages where there were more before there was a limit', async () => {
    const { id, orgId } = (await neo.get('/api/users/me')).json<{ id: string; orgId: string }>();
    await product.context.pool.query(
      `INSERT INTO todos (org_id, id, user_id, task) SELECT $1, 'tod_old_' || n, $2, 'x' FROM generate_series(1, 1500) n`,
      [orgId, id],
    );
    const first = (await neo.get('/api/todos')).json<{ todos: Todo[]; next?: string }>();
    expect([first.todos.length, typeof first.next]).toEqual([1000, 'string']);
    const rest = (await neo.get(`/api/todos?cursor=${first.next}`)).json<{ todos: Todo[]; next?: string }>();
    expect([rest.todos.length, rest.next]).toEqual([500, undefined]);
  });

  it.each([
    'limit=0',
    'limit=1001',
    'cursor=x',
    `cursor=${Buffer.from('["not a time","tod_1"]').toString('base64url')}`,
  ])('400 for %s', async (query) => {
    expect((await trinity.get(`/api/todos?${query}`)).status).toBe(400);
  });

  it('400 for a NUL character, which PostgreSQL cannot store', async () => {
    expect((await trinity.post('/api/todos', { json: { task: 'a\u0000b' } })).status).toBe(400);
    expect((await trinity.put('/api/todos/a%00b', { json: { task: 'a' } })).status).toBe(400);
  });
});

describe("the workshop's client", () => {
  it('signs out with 204, also without a session', async () => {
    const browser = await product.signIn('whiterabbit', { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' });
    expect((await browser.post('/api/signout')).status).toBe(204);
    expect((await browser.get('/api/users/me')).json().code).toBe('session_ended');
    expect((await browser.post('/api/signout')).status).toBe(204);
  });

  it('finds no password sign-in: 404, as problem details', async () => {
    const answer = await trinity.post('/api/signin', { json: { username: 'trinity', password: 'x' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      expect.stringMatching(/^application\/problem\+json/),
    ]);
    expect(answer.json()).toMatchObject({
      status: 404,
      code: 'not_found',
      detail: expect.stringContaining('no passwords'),
    });
  });
});
