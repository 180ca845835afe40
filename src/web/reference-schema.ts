import { type Html, html } from '../html.ts';
import { isProblemCode } from './problems-page.ts';

/** The part of JSON Schema 2020-12 that our document uses. */
export type Schema = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  additionalProperties?: Schema | boolean;
};

const nameOf = (ref: string) => ref.split('/').at(-1) ?? ref;

/** A type in a few words; a named schema leads to its description. */
export function typeOf(schema: Schema): Html | string {
  const either = schema.anyOf ?? schema.oneOf;
  if (schema.$ref) return html`<a href="#schema-${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`;
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum)
    return html`${schema.enum.map((value, index) => html`${index > 0 && ' | '}<code>${String(value)}</code>`)}`;
  if (either) return html`${either.map((part, index) => html`${index > 0 && ' | '}${typeOf(part)}`)}`;
  if (schema.type === 'array') return html`list of ${typeOf(schema.items ?? {})}`;
  const named = [schema.type ?? 'anything'].flat().join(' | ');
  return schema.format ? `${named} (${schema.format})` : named;
}

export type SchemaViews = ReturnType<typeof createSchemaViews>;

/** Shows schemas; at the top, a named one is shown as the schema behind the name. */
export function createSchemaViews(named: Readonly<Record<string, Schema>>) {
  const resolve = (schema: Schema): Schema => (schema.$ref ? (named[nameOf(schema.$ref)] ?? schema) : schema);
  return { list: (schema: Schema) => listMembers(resolve(schema)) };
}

/** The members of an object, each followed by the members of its value; of each of several shapes. */
function listMembers(schema: Schema): Html {
  return listShapes(schema) ?? html`<p class="eyebrow">${typeOf(schema)}</p>\n`;
}

function listShapes(schema: Schema): Html | null {
  const shapes = shapesOf(schema).filter(({ properties }) => properties);
  if (shapes.length === 0) return null;
  return html`${shapes.map((shape, index) => html`${index > 0 && html`<p class="eyebrow">or</p>`}${listProperties(shape)}`)}`;
}

/** What a value or, of a list, each of its values may look like; choices may hold further ones. */
function shapesOf(schema: Schema): Schema[] {
  const inner = schema.type === 'array' && schema.items ? [schema.items] : (schema.anyOf ?? schema.oneOf);
  return inner ? inner.flatMap(shapesOf) : [schema];
}

function listProperties({ properties = {}, required }: Schema): Html | null {
  const members = Object.entries(properties);
  if (members.length === 0) return null;
  return html`<dl class="members">${members.map(
    ([
      name,
      member,
    ]) => html`<div><dt><code>${name}</code> <span>${typeOf(member)}${!required?.includes(name) && ', optional'}${limits(member)}</span></dt>
<dd>${inline(member.description ?? '')}${listShapes(member)}</dd></div>
`,
  )}</dl>
`;
}

function limits({ minimum, maximum, maxLength, default: preset }: Schema): string {
  return [
    minimum !== undefined && `, from ${minimum}`,
    maximum !== undefined && `, to ${maximum}`,
    maxLength !== undefined && `, ${maxLength} characters at most`,
    preset !== undefined && `, else ${JSON.stringify(preset)}`,
  ]
    .filter(Boolean)
    .join('');
}

/** Text between backticks is code; the code of a problem leads to its page. */
export function inline(text: string): (Html | string)[] {
  return text.split('`').map((part, index) => {
    if (index % 2 === 0) return part;
    return isProblemCode(part)
      ? html`<a href="/problems/${part}"><code>${part}</code></a>`
      : html`<code>${part}</code>`;
  });
}
