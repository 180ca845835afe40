import { characterClasses, passwordRules } from '../accounts/make-password.ts';
import type { ShownAccount } from './account-view.ts';
import type { Values } from './changed-fields.ts';
import { type SettingField, settingFieldsOf, settingsFrom, settingTexts } from './connector-fields.ts';
import { filled, type Given, textOf, textsOf } from './screen.ts';

/** What an account's form holds beside the settings of its connector. */
const plain = ['name', 'userName', 'place', 'notes'] as const;
const rules = ['length', 'classes', 'leaveOut'] as const;
const ofAdmin = ['adminWay', 'adminUserName', 'adminAccount'] as const;
/** Who changes the password there. */
export const adminWays = ['none', 'own', 'account'] as const;
export type AdminWay = (typeof adminWays)[number];

const plainFields: readonly string[] = plain;
const ruleFields: readonly string[] = rules;
const adminFields: readonly string[] = ofAdmin;

/** Settings have names of their own: an account has a user name too. */
export const nameOfSetting = ({ name }: Pick<SettingField, 'name'>): string => `settings.${name}`;

export const namesOf = (kind: string): readonly string[] => [
  ...plain,
  ...settingFieldsOf(kind).map(nameOfSetting),
  ...ofAdmin,
  ...rules,
  'everyDays',
];

/** An account as texts, so that what was shown can be compared with what is. */
export function valuesOf(found: ShownAccount): Values {
  const { administrator, passwordRules } = found;
  const made = passwordRules as Readonly<{ length?: number; classes?: readonly string[]; leaveOut?: string }>;
  const settings = settingTexts(settingFieldsOf(found.connector), found.settings);
  return {
    ...Object.fromEntries(plain.map((name) => [name, found[name]])),
    ...Object.fromEntries(Object.entries(settings).map(([name, text]) => [nameOfSetting({ name }), text])),
    adminWay: wayOf(found),
    adminUserName: administrator && 'userName' in administrator ? administrator.userName : '',
    adminAccount: administrator && 'accountId' in administrator ? administrator.accountId : '',
    length: String(made.length ?? ''),
    classes: classesIn(made.classes ?? characterClasses),
    leaveOut: made.leaveOut ?? '',
    everyDays: String(found.everyDays ?? ''),
  };
}

/** Who changes the password there, as the form tells them apart. */
function wayOf({ administrator }: Pick<ShownAccount, 'administrator'>): AdminWay {
  if (administrator === null) return 'none';
  return 'userName' in administrator ? 'own' : 'account';
}

/** Their order means nothing. */
const classesIn = (names: readonly string[]): string =>
  characterClasses.filter((name) => names.includes(name)).join(' ');

/** What a form for a new account holds at first. */
export const startValuesOf = (kind: string): Values => ({
  ...Object.fromEntries(namesOf(kind).map((name) => [name, ''])),
  ...Object.fromEntries(settingFieldsOf(kind).map((field) => [nameOfSetting(field), field.initial])),
  adminWay: 'none',
  classes: characterClasses.join(' '),
});

/** What was typed, in the same form. */
export const typedIn = (kind: string, given: Given): Values =>
  Object.fromEntries(
    namesOf(kind).map((name) => [
      name,
      name === 'classes'
        ? classesIn(textsOf(given, name))
        : name === 'leaveOut'
          ? (given[name]?.[0] ?? '')
          : textOf(given, name),
    ]),
  );

type Body = Readonly<Record<string, unknown>>;

/**
 * The members of a request that hold these fields, as `values` says them.
 * @throws AppError invalid_request where a setting is no JSON
 */
export function bodyOf(kind: string, fields: readonly string[], values: Values, given: Given): Body {
  const known = settingFieldsOf(kind);
  const texts = Object.fromEntries(known.map((field) => [field.name, values[nameOfSetting(field)] ?? '']));
  const isOf = (names: readonly string[]) => fields.some((name) => names.includes(name));
  const password = filled(given, 'adminPassword');
  return {
    ...Object.fromEntries(
      fields.filter((name) => plainFields.includes(name)).map((name) => [name, values[name] ?? '']),
    ),
    ...(isOf(known.map(nameOfSetting)) && { settings: settingsFrom(known, texts) }),
    ...((isOf(adminFields) || password !== undefined) && { administrator: administratorOf(values, password) }),
    ...(isOf(ruleFields) && { passwordRules: rulesOf(values) }),
    ...(fields.includes('everyDays') && { everyDays: numberOf(values.everyDays) ?? null }),
  };
}

function administratorOf(values: Values, password: string | undefined): Body | null {
  if (values.adminWay === 'account') return { accountId: values.adminAccount };
  if (values.adminWay !== 'own') return null;
  return { userName: values.adminUserName, ...(password !== undefined && { password }) };
}

const rulesOf = (values: Values): Body => ({
  length: numberOf(values.length) ?? passwordRules.parse({}).length,
  classes: (values.classes ?? '').split(' ').filter((name) => name !== ''),
  leaveOut: values.leaveOut ?? '',
});

/** What is no number is refused by the form of the request. */
const numberOf = (text = ''): number | string | undefined =>
  text === '' ? undefined : Number.isNaN(Number(text)) ? text : Number(text);
