import { text } from 'node:stream/consumers';
import { answerCalls } from '../child.ts';
import { listen } from './listen.ts';

/** What changes passwords here: a Basic pair for HTTP, a bearer token for SCIM. */
const secret = 'of the administrator';
const basic = `Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`;
const bearer = `Bearer ${secret.replaceAll(' ', '-')}`;

const passwords = new Map<string, string>();
const nameIn = (pathname: string) => decodeURIComponent(pathname.split('/').at(-1) ?? '');

/** The least that an app with one call for a password, a sign-in and SCIM can be. It answers at once. */
answerCalls({
  start: () =>
    listen(async (req, res) => {
      const body = await text(req);
      const { pathname, searchParams } = new URL(req.url ?? '', 'http://system');
      const answer = (status: number, said?: object) => res.writeHead(status).end(said && JSON.stringify(said));
      const change = (name: string, password: string) => {
        if (!passwords.has(name)) return answer(404);
        passwords.set(name, password);
        return answer(204);
      };
      if (pathname === '/sign-in') {
        const { user, password } = JSON.parse(body);
        return answer(passwords.get(user) === password ? 204 : 401);
      }
      if (pathname.startsWith('/passwords/')) {
        if (req.headers.authorization !== basic) return answer(401);
        return change(nameIn(pathname), JSON.parse(body).password);
      }
      if (req.headers.authorization !== bearer) return answer(401);
      if (req.method === 'PATCH') return change(nameIn(pathname), JSON.parse(body).Operations[0].value);
      // The connector asks by `userName eq "…"`; a name is its own id.
      const userName = JSON.parse(/ eq (.*)$/.exec(searchParams.get('filter') ?? '')?.[1] ?? '""');
      return answer(200, { Resources: passwords.has(userName) ? [{ id: userName, userName }] : [] });
    }),
  add(users: readonly Readonly<{ name: string; password: string }>[]) {
    for (const { name, password } of users) passwords.set(name, password);
  },
});
