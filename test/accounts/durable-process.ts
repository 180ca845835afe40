import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';

// A system in a process of its own: an app with a call that changes a password, and the same as SCIM.
// A password is a file, which is on the disk before it is answered: so it outlives a kill -9. Nothing
// is held in memory.
const [folder, port, token] = process.argv.slice(2) as [string, string, string];
const fileOf = (name: string) => path.join(folder, encodeURIComponent(name));
const passwordOf = (name: string) => (existsSync(fileOf(name)) ? readFileSync(fileOf(name), 'utf8') : null);

function keep(name: string, password: string): void {
  const next = `${fileOf(name)}.${process.pid}.next`;
  const file = openSync(next, 'w');
  writeSync(file, password);
  fsyncSync(file);
  closeSync(file);
  renameSync(next, fileOf(name));
  const entries = openSync(folder, 'r');
  fsyncSync(entries);
  closeSync(entries);
}

const server = createServer(async (request, response) => {
  const body = await text(request);
  const answer = (status: number, said?: object) => response.writeHead(status).end(said && JSON.stringify(said));
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://system');
  const [, room, name = ''] = pathname.split('/').map(decodeURIComponent);
  if (room === 'sign-in') return answer(JSON.parse(body).password === passwordOf(name) ? 204 : 401);
  if (request.headers.authorization !== `Bearer ${token}`) return answer(403);
  const user = room === 'users' ? name : (pathname.split('/')[4] ?? '');
  if (request.method === 'GET') {
    const asked = /^userName eq "(\w+)"$/.exec(searchParams.get('filter') ?? '')?.[1] ?? '';
    return answer(200, { Resources: passwordOf(asked) === null ? [] : [{ id: asked, userName: asked }] });
  }
  if (passwordOf(user) === null) return answer(404);
  const said = JSON.parse(body);
  keep(user, room === 'users' ? said.password : said.Operations[0].value);
  return answer(204);
});
server.listen(Number(port), '127.0.0.1');
