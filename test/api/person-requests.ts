import type { Requests } from './requests.ts';
import { metricsToken } from './world.ts';

const pages: Requests = Object.fromEntries(
  ['showStart', 'showTodos', 'showDevices', 'showSignedOut', 'listProblems'].map((id) => [
    id,
    async ({ ask, owner }) => {
      await ask(id, { as: owner });
      await ask(id);
    },
  ]),
);

export const personRequests: Requests = {
  getHealth: ({ ask }) => ask('getHealth'),
  async getMetrics({ ask }) {
    await ask('getMetrics', { as: metricsToken });
    await ask('getMetrics');
  },
  getReadiness: ({ ask }) => ask('getReadiness'),
  getOpenApi: ({ ask }) => ask('getOpenApi'),
  showReference: ({ ask }) => ask('showReference'),
  ...pages,
  async signOutByForm({ ask, product }) {
    await ask('signOutByForm', { as: await product.signIn() });
    await ask('signOutByForm');
  },
  leaveByApps: ({ ask }) => ask('leaveByApps', { query: { of: 'of-nobody' } }),
  async addTodoByForm({ ask, owner }) {
    await ask('addTodoByForm', { as: owner, body: { task: 'Wake up' } });
    await ask('addTodoByForm', { body: { task: 'Wake up' } });
  },
  async showProblem({ ask }) {
    await ask('showProblem', { params: { code: 'not_found' } });
    await ask('showProblem', { params: { code: 'nothing' } });
  },

  async getMe({ ask, owner }) {
    await ask('getMe', { as: owner });
    await ask('getMe');
    await ask('getMe', { as: 'not-a-token' });
  },
  async changeMe({ ask, owner }) {
    await ask('changeMe', { as: owner, body: { language: 'de' } });
    await ask('changeMe', { as: owner, body: { language: null } });
    await ask('changeMe', { as: owner, body: { language: 'tlh' } });
    await ask('changeMe', { body: { language: 'de' } });
  },
  async getAccountMail({ ask, owner }) {
    await ask('getAccountMail', { as: owner });
    await ask('getAccountMail');
  },
  async chooseAccountMail({ ask, owner }) {
    await ask('chooseAccountMail', { as: owner, body: { changed: true } });
    await ask('chooseAccountMail', { as: owner, body: { changed: 'always' } });
    await ask('chooseAccountMail', { body: { changed: true } });
  },
  async chooseLanguage({ ask, owner }) {
    await ask('chooseLanguage', { as: owner, body: { language: 'en' } });
    await ask('chooseLanguage', { body: { language: 'de' } });
  },
  async listMyAdministrators({ ask, owner }) {
    await ask('listMyAdministrators', { as: owner });
    await ask('listMyAdministrators');
  },
  streamEvents: ({ ask, owner }) => ask('streamEvents', { as: owner, endless: true }),
  async listMySessions({ ask, owner }) {
    await ask('listMySessions', { as: owner });
    await ask('listMySessions');
  },
  async endMySession({ ask, owner, product }) {
    const other = await product.signIn();
    const { json } = await ask('listMySessions', { as: other });
    const { id } = json.find(({ current }: { current: boolean }) => current);
    await ask('endMySession', { as: owner, params: { id } });
    await ask('endMySession', { as: owner, params: { id } });
    await ask('getMe', { as: other });
  },
  async endMySessions({ ask, owner }) {
    await ask('endMySessions', { as: owner, body: { keepCurrent: true } });
    await ask('endMySessions', { as: owner, body: { keepCurrent: 'perhaps' } });
    await ask('endMySessions', { as: owner, body: { keepCurrent: true }, headers: { origin: 'https://evil.example' } });
  },
  async signOut({ ask, product }) {
    await ask('signOut', { as: await product.signIn() });
    const { prisma } = product.context;
    const { id } = product.orgs.metacortex;
    await prisma.connection.updateMany({ where: { orgId: id }, data: { signOutAtIdp: true } });
    const answer = await ask('signOut', { as: await product.signIn('metacortex') });
    await prisma.connection.updateMany({ where: { orgId: id }, data: { signOutAtIdp: false } });
    if (answer.status !== 200) throw new Error('no logoutUrl');
  },

  async listTodos({ ask, owner }) {
    await ask('addTodo', { as: owner, body: { task: 'Wake up' } });
    await ask('listTodos', { as: owner });
    await ask('listTodos');
  },
  async addTodo({ ask, owner }) {
    await ask('addTodo', { as: owner, body: { task: 'Follow the white rabbit' } });
    await ask('addTodo', { as: owner, body: { task: '' } });
    await ask('addTodo', { as: owner, body: { task: 'x'.repeat(20_000) } });
  },
  async changeTodo({ ask, owner }) {
    const { json } = await ask('addTodo', { as: owner, body: { task: 'Knock' } });
    await ask('changeTodo', { as: owner, params: { id: json.id }, body: { completed: true } });
    await ask('changeTodo', { as: owner, params: { id: 'none' }, body: { completed: true } });
  },
  async removeTodo({ ask, owner }) {
    const { json } = await ask('addTodo', { as: owner, body: { task: 'Knock' } });
    await ask('removeTodo', { as: owner, params: { id: json.id } });
    await ask('removeTodo', { as: owner, params: { id: json.id } });
  },
};
