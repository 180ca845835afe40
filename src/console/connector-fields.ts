import { z } from 'zod';
import { type ConnectorKind, connectors } from '../accounts/connectors/all.ts';
import { AppError } from '../errors.ts';
import { parseJson } from '../http/parse-json.ts';

/** How a setting of a connector is typed into a form. */
export type SettingField = Readonly<{
  name: string;
  kind: 'text' | 'long' | 'number' | 'switch' | 'choice' | 'lines' | 'json';
  required: boolean;
  /** Of a choice. */
  options: readonly string[];
  /** As text: what counts where nothing is said. */
  initial: string;
  most: number | undefined;
  /** What JSON looks like there. */
  example: string | undefined;
}>;

type Schema = Readonly<{
  type?: string;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  default?: unknown;
  maxLength?: number;
}>;

/** Longer texts get more than one line. */
const longText = 3_000;

/**
 * The settings of a connector as fields, from its own form: so a form of the console can't lack one.
 * What is no text, number, choice or list is typed as JSON.
 */
export function settingFieldsOf(kind: string): readonly SettingField[] {
  const { settings } = connectors[kind as ConnectorKind];
  const schema = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }) as Schema;
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    // What can only be one thing needs no field.
    if (property.const !== undefined) return [];
    return [fieldOf(name, property, schema.required?.includes(name) ?? false)];
  });
}

function fieldOf(name: string, property: Schema, required: boolean): SettingField {
  const inner = property.anyOf?.filter(({ type }) => type !== 'null');
  const schema = inner?.length === 1 && inner[0] ? inner[0] : property;
  const kind = kindOf(schema);
  const options = kind === 'choice' ? (schema.enum ?? []).map(String) : [];
  return {
    name,
    kind,
    required,
    options,
    initial: asText(kind, property.default),
    most: schema.maxLength,
    example: kind === 'json' ? examples[name] : undefined,
  };
}

const answerExample = JSON.stringify({ statuses: [400], text: 'password policy' }, null, 2);
/** Of settings that are typed as JSON; a test holds them against the connectors' forms. */
export const examples: Readonly<Record<string, string>> = {
  headers: JSON.stringify({ Authorization: 'Basic {{basic_admin}}' }, null, 2),
  body: JSON.stringify({ type: 'json', template: '{"user": "{{user}}", "password": "{{new}}"}' }, null, 2),
  rejected: answerExample,
  verify: JSON.stringify(
    {
      url: 'https://app.example.com/sign-in',
      body: { type: 'form', template: 'user={{user}}&password={{new}}' },
      accepted: { statuses: [200, 303] },
      refused: { statuses: [401] },
    },
    null,
    2,
  ),
};

function kindOf({ type, enum: known, items, maxLength = 0 }: Schema): SettingField['kind'] {
  if (known?.every((value) => typeof value === 'string')) return 'choice';
  if (type === 'string') return maxLength > longText ? 'long' : 'text';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'switch';
  return type === 'array' && items?.type === 'string' ? 'lines' : 'json';
}

function asText(kind: SettingField['kind'], value: unknown): string {
  if (value === undefined || value === null) return '';
  if (kind === 'json') return JSON.stringify(value, null, 2);
  if (kind === 'switch') return value ? 'yes' : 'no';
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** Settings as the texts of these fields. */
export const settingTexts = (
  fields: readonly SettingField[],
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(fields.map(({ name, kind }) => [name, asText(kind, settings[name])]));

/**
 * The settings that these texts say; what is left empty is left out, and counts as nothing was said.
 * @throws AppError invalid_request where a text is no JSON
 */
export function settingsFrom(
  fields: readonly SettingField[],
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const text = (texts[field.name] ?? '').trim();
      return text === '' ? [] : [[field.name, settingOf(field, text)]];
    }),
  );
}

function settingOf({ name, kind }: SettingField, text: string): unknown {
  switch (kind) {
    case 'number':
      // What is no number is refused by the form of the connector.
      return Number.isNaN(Number(text)) ? text : Number(text);
    case 'switch':
      return text === 'yes';
    case 'lines':
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
    case 'json': {
      const value = parseJson(text);
      if (value === undefined)
        throw new AppError('invalid_request', ({ console }) => console.accounts.fields.notJson, { field: name });
      return value;
    }
    default:
      return text;
  }
}
