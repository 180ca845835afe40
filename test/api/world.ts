import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { createBrowser } from '../support/browser.ts';
import { startDns } from '../support/dns.ts';
import { type Product, startProduct } from '../support/product.ts';

export type Json = Record<string, unknown>;
export type Content = Record<string, { schema?: Json; example?: unknown }>;
export type DocumentedOperation = {
  operationId: string;
  method: string;
  path: string;
  summary?: string;
  description?: string;
  parameters: { name: string; in: string; example?: unknown; schema: Json }[];
  responses: Record<string, { content?: Content; headers?: Json }>;
  requestBody?: { content: Content };
};
export type OpenApi = {
  openapi: string;
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Omit<DocumentedOperation, 'method' | 'path'>>>;
  webhooks: OpenApi['paths'];
  components: { schemas: Record<string, Json>; securitySchemes: Record<string, Json> };
};

type Asked = {
  /** Of the address. */
  params?: Record<string, string> | undefined;
  query?: Record<string, string>;
  /** As the documented content type has it: JSON, or a form. */
  body?: unknown;
  /** Who asks: a browser with its cookies, or a bearer credential; else nobody. */
  as?: Browser | string;
  headers?: Record<string, string>;
  /** An answer that doesn't end by itself: only its head is looked at. */
  endless?: boolean;
};
export type Answer = { status: number; headers: Headers; text: string; json: ReturnType<typeof JSON.parse> };

export const metricsToken = 'the-token-of-the-metrics';

export type World = Awaited<ReturnType<typeof createWorld>>;

/**
 * The product with an owner who has just signed in, and `ask`, which holds every answer against the
 * document, and every request that succeeded.
 */
export async function createWorld() {
  const dns = await startDns();
  const product = await startProduct({
    env: { TRUST_PROXY: 'loopback', DNS_SERVERS: dns.address, METRICS_TOKEN: metricsToken },
  });
  const document = (await (await fetch(`${product.url}/openapi.json`)).json()) as OpenApi;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]): DocumentedOperation => ({ ...one, method, path })),
  );
  const errorsOf = createValidator(document);
  const succeeded = new Set<string>();
  const { id: orgId, userId } = product.orgs.whiterabbit;
  await product.context.prisma.user.updateMany({ where: { orgId, id: userId }, data: { role: 'owner' } });

  /**
   * Sends an operation by its id, and holds the answer's status, type and body against what is
   * documented.
   */
  async function ask(id: string, asked: Asked = {}): Promise<Answer> {
    const one = operations.find(({ operationId }) => operationId === id);
    if (!one) throw new Error(`nothing is documented as ${id}`);
    const response = await send(product, one, asked);
    if (asked.endless) await response.body?.cancel();
    const text = asked.endless ? '' : await response.text();
    const told = `${id}: ${response.status} ${text.slice(0, 1000)}`;
    const documented = one.responses[response.status];
    expect(documented, `${told}\nis not documented`).toBeDefined();
    const type = response.headers.get('content-type')?.split(';')[0] ?? null;
    const json = type && /[+/]json$/.test(type) && text !== '' ? JSON.parse(text) : undefined;
    const types = Object.keys(documented?.content ?? {});
    if (types.length > 0) expect(types, told).toContain(type);
    // A redirect, and some a standard leaves open, may bring a word that nobody reads.
    else if (response.status !== 303 && response.status !== 302 && response.status !== 200) expect(text, told).toBe('');
    if (json !== undefined) {
      const answer = ['responses', String(response.status), 'content', String(type), 'schema'];
      expect(errorsOf(['paths', one.path, one.method, ...answer], json), told).toEqual([]);
    }
    for (const name of Object.keys(documented?.headers ?? {}))
      expect(response.headers.has(name), `${told}\nlacks the header ${name}`).toBe(true);
    if (response.status < 400) {
      succeeded.add(id);
      expect(undocumented(one, asked), `${told}\nwas asked by what is not documented`).toEqual([]);
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  /**
   * What was sent that the document doesn't have: parameters, and what its form refuses in a body.
   */
  function undocumented({ path, method, parameters, requestBody }: DocumentedOperation, { query, body }: Asked) {
    const known = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    const parametersElse = Object.keys(query ?? {}).filter((name) => !known.includes(name));
    const [type] = Object.keys(requestBody?.content ?? {});
    if (body === undefined) return parametersElse;
    if (type === undefined) return [...parametersElse, 'a body'];
    const sent = typeof body === 'string' && type.endsWith('json') ? JSON.parse(body) : body;
    return [...parametersElse, ...errorsOf(['paths', path, method, 'requestBody', 'content', type, 'schema'], sent)];
  }

  return {
    product,
    dns,
    document,
    operations,
    ask,
    succeeded,
    errorsOf,
    /** Signed in just now. */
    owner: await product.signIn(),
    newBrowser: () => createBrowser({ baseUrl: product.url }),
    async stop() {
      await product.stop();
      await dns.stop();
    },
  };
}

function send(product: Product, one: DocumentedOperation, asked: Asked): Promise<Response> {
  const path = one.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = asked.params?.[name];
    if (value === undefined) throw new Error(`${one.operationId} needs ${name}`);
    return encodeURIComponent(value);
  });
  const query = asked.query ? `?${new URLSearchParams(asked.query)}` : '';
  const type = Object.keys(one.requestBody?.content ?? {})[0];
  const { body } = asked;
  const sent =
    body === undefined || typeof body === 'string'
      ? (body ?? null)
      : type?.endsWith('json')
        ? JSON.stringify(body)
        : new URLSearchParams(body as Record<string, string>).toString();
  const headers = { ...(type && sent !== null && { 'content-type': type }), ...asked.headers };
  const url = `${product.url}${path}${query}`;
  const { as } = asked;
  const method = one.method.toUpperCase();
  if (as === undefined || typeof as === 'string')
    return fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(as && { authorization: `Bearer ${as}` }) },
      body: sent,
    });
  return as.open(method, url, { headers, raw: sent });
}

/**
 * Holds a value against a schema of the document: JSON Schema 2020-12, which OpenAPI 3.1 is built
 * on, with members that no schema names refused as it says. Returns what is wrong.
 */
function createValidator(document: OpenApi) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api');
  const compiled = new Map<string, ValidateFunction>();
  return (where: readonly string[], value: unknown): readonly unknown[] => {
    const pointer = where.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const check = compiled.get(pointer) ?? ajv.compile({ $ref: `api#/${pointer}` });
    compiled.set(pointer, check);
    check(value);
    return check.errors ?? [];
  };
}
