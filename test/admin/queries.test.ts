import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

type Parameter = { name: string; in: string; schema: { enum?: string[] } };
type Documented = {
  operationId: string;
  method: string;
  path: string;
  parameters: Parameter[];
  requestBody?: { content: Record<string, unknown> };
};

let product: Product;
let operations: Documented[];
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  type Paths = Record<string, Record<string, Omit<Documented, 'method' | 'path'>>>;
  const { paths } = (await (await fetch(`${product.url}/openapi.json`)).json()) as { paths: Paths };
  operations = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/orgs/'))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, rest]) => ({ ...rest, method, path })));
});
afterAll(() => product?.stop());

const queryOf = ({ parameters }: Documented) => parameters.filter((parameter) => parameter.in === 'query');

/** What an owner hears who sends it with this query, to ids of nobody and with an empty body. */
async function attempt({ method, path, requestBody }: Documented, query: string) {
  const [type = 'application/json'] = Object.keys(requestBody?.content ?? {});
  const response = await fetch(`${product.url}${path.replaceAll(/\{\w+\}/g, 'nothing_1')}?${query}`, {
    method: method.toUpperCase(),
    headers: { cookie: owner.cookie, 'content-type': type },
    body: method === 'get' ? null : '{}',
  });
  const { code, detail } = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  return { status: response.status, code, detail };
}

/** Which of these are not refused with a word of the parameter. */
async function taken(asked: readonly (readonly [Documented, name: string, query: string])[]) {
  const wrong: unknown[] = [];
  for (const [operation, name, query] of asked) {
    const { status, code, detail } = await attempt(operation, query);
    if (status !== 400 || code !== 'invalid_request' || !detail?.includes(`${name}: `))
      wrong.push([operation.operationId, query, status, detail]);
  }
  return wrong;
}

describe('the administration refuses, by its name,', () => {
  it('a parameter that an operation does not have', async () => {
    expect(operations.length).toBeGreaterThan(40);
    expect(await taken(operations.map((operation) => [operation, 'serch', 'serch=x'] as const))).toEqual([]);
    expect(await taken(operations.map((operation) => [operation, '__proto__', '__proto__=x'] as const))).toEqual([]);
  });

  it('a parameter that is given twice', async () => {
    const asked = operations.flatMap((operation) =>
      queryOf(operation).map(({ name, schema }) => {
        const value = schema.enum?.[0] ?? '2';
        return [operation, name, `${name}=${value}&${name}=${value}`] as const;
      }),
    );
    expect(asked.length).toBeGreaterThan(20);
    expect(await taken(asked)).toEqual([]);
  });

  it('a value that an enumeration does not have', async () => {
    const asked = operations.flatMap((operation) =>
      queryOf(operation)
        .filter(({ schema }) => schema.enum !== undefined)
        .map(({ name }) => [operation, name, `${name}=nonsense`] as const),
    );
    expect(asked.map(([{ operationId }, name]) => `${operationId} ${name}`).toSorted()).toEqual([
      'countUsers active',
      'countUsers ids',
      'countUsers live',
      'countUsers role',
      'exportAuditEvents action',
      'exportAuditEvents by',
      'exportAuditEvents format',
      'exportUsers active',
      'exportUsers live',
      'exportUsers role',
      'getToldOfRevocation together',
      'importAccounts dryRun',
      'listAccounts state',
      'listAuditEvents action',
      'listAuditEvents by',
      'listAuditEvents order',
      'listForwards status',
      'listNotifications unread',
      'listRefusedCalls code',
      'listRefusedCalls endpoint',
      'listRevocations initiator',
      'listRotations state',
      'listRotationsOfAccount state',
      'listUsers active',
      'listUsers live',
      'listUsers role',
      'listUsers sort',
    ]);
    expect(await taken(asked)).toEqual([]);
  });

  it('without a word of the value, and of a long name only its beginning', async () => {
    const people = operations.find(({ operationId }) => operationId === 'listUsers') as Documented;
    const { detail } = await attempt(people, `role=a-secret&${'x'.repeat(5_000)}=a-secret`);
    expect(detail).toMatch(/role: .*x{60}: /);
    expect(detail).not.toMatch(/a-secret|x{61}/);
  });
});
