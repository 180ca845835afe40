import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';

type Schema = { $ref?: string; type?: string; items?: Schema; properties?: Record<string, Schema> };
type Documented = {
  operationId: string;
  parameters?: { name: string }[];
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
};

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

/** Lists without pages, and what bounds each. */
const bounded: Record<string, string> = {
  getKeys: 'the server’s own keys',
  getAuthorizationServerMetadata: 'the server’s own words',
  getOpenIdConfiguration: 'the server’s own words',
  getEventTransmitter: 'the server’s own words',
  readEventStream: 'a receiver has one at most',
  getForward: 'its latest 100 attempts',
  listApps: 'fifty an organisation',
  getDelivery: 'its latest 100 attempts',
  getOverview: 'seven days, and what needs attention, of which each kind is bounded',
  getToldOfRevocation: 'a number for each status',
  getReadiness: 'kinds of what can run out',
  listMySessions: '200 at most are shown; a person has as many as the policies say',
  listPolicies: 'a closed list',
  listWebhooks: 'ten an organisation',
  listGroupNames: '200 names at most',
  listMyAdministrators: 'twenty, owners first',
};

it('whatever can be listed has pages, or a bound that is named here', async () => {
  const document = (await (await fetch(`${product.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Documented>>;
    components: { schemas: Record<string, Schema> };
  };
  const read = (schema: Schema): Schema =>
    schema.$ref ? read(document.components.schemas[schema.$ref.split('/').at(-1) as string] ?? {}) : schema;
  const isList = (schema: Schema | undefined): boolean => {
    if (!schema) return false;
    const { type, properties = {} } = read(schema);
    if (type === 'array') return true;
    // Words and ids beside a thing are part of it: a list is of things.
    return Object.values(properties).some((property) => {
      const { type: kind, items } = read(property);
      return kind === 'array' && items !== undefined && read(items).type === 'object';
    });
  };
  const lists = Object.entries(document.paths)
    .filter(([path]) => !path.startsWith('/scim'))
    .flatMap(([, { get }]) => (get ? [get] : []))
    .filter(({ responses }) => isList(responses['200']?.content?.['application/json']?.schema));
  expect(lists.length).toBeGreaterThan(15);
  const unpaged = lists.filter(({ parameters = [] }) => {
    const names = parameters.map(({ name }) => name);
    return !(names.includes('limit') && names.includes('cursor'));
  });
  const unbounded = unpaged.map(({ operationId }) => operationId).filter((id) => !(id in bounded));
  expect(unbounded).toEqual([]);
});
