import { type Html, html } from '../html.ts';

/** What we write of JSON Schema 2020-12. */
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

/** In a few words; a named schema leads to its description. */
export function typeOf(schema: Schema): Html | string {
  const either = schema.anyOf ?? schema.oneOf;
  if (schema.$ref) return html`<a href="#schema-${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`;
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum)
    return html`${schema.enum.map((one, index) => html`${index > 0 && ' | '}<code>${String(one)}</code>`)}`;
  if (either) return html`${either.map((one, index) => html`${index > 0 && ' | '}${typeOf(one)}`)}`;
  if (schema.type === 'array') return html`list of ${typeOf(schema.items ?? {})}`;
  const named = [schema.type ?? 'anything'].flat().join(' | ');
  return schema.format ? `${named} (${schema.format})` : named;
}

/** The members of an object, and below them those of what they hold. */
export function listMembers(schema: Schema): Html | null {
  const shape = shapeOf(schema);
  const variants = (schema.anyOf ?? schema.oneOf)?.filter((one) => one.properties);
  if (variants && variants.length > 0)
    return html`${variants.map((one, index) => html`${index > 0 && html`<p class="eyebrow">or</p>`}${listMembers(one)}`)}`;
  if (!shape.properties) return html`<p class="eyebrow">${typeOf(schema)}</p>\n`;
  const members = Object.entries(shape.properties);
  if (members.length === 0) return null;
  return html`<dl class="members">${members.map(
    ([
      name,
      one,
    ]) => html`<div><dt><code>${name}</code> <span>${typeOf(one)}${!shape.required?.includes(name) && ', optional'}${limits(one)}</span></dt>
<dd>${inline(one.description ?? '')}${below(one)}</dd></div>
`,
  )}</dl>
`;
}

const shapeOf = (schema: Schema): Schema => (schema.type === 'array' && schema.items ? schema.items : schema);

function below(schema: Schema): Html | null {
  const inner = [schema, ...(schema.anyOf ?? schema.oneOf ?? [])].map(shapeOf).find(({ properties }) => properties);
  return inner ? listMembers(inner) : null;
}

function limits({ minimum, maximum, maxLength, default: preset }: Schema): string {
  return [
    // What every integer is bound by says nothing.
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER && `, from ${minimum}`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `, to ${maximum}`,
    maxLength !== undefined && `, ${maxLength} characters at most`,
    preset !== undefined && `, else ${JSON.stringify(preset)}`,
  ]
    .filter(Boolean)
    .join('');
}

/** What stands between backticks is code; a problem's leads to its page. */
export function inline(text: string): (Html | string)[] {
  return text.split('`').map((part, index) => {
    if (index % 2 === 0) return part;
    const isCode = /^[a-z]+(_[a-z]+)+$/.test(part) && text.startsWith('`');
    return isCode ? html`<a href="/problems/${part}"><code>${part}</code></a>` : html`<code>${part}</code>`;
  });
}
