import type { SettingName } from '../accounts/connectors/all.ts';
import { characterClasses } from '../accounts/make-password.ts';
import type { AppError, WrongPart } from '../errors.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import type { Offered } from './account-choice.ts';
import { adminWays, nameOfSetting, namesOf, needsAdmin } from './account-fields.ts';
import type { Values } from './changed-fields.ts';
import { type SettingField, settingFieldsOf } from './connector-fields.ts';
import { renderCheck, renderChoices, renderField, renderProblem, renderSelect } from './parts.ts';
import { type Given, textOf, type Visit } from './screen.ts';

/** What the fields of an account's form show. */
export type AccountForm = Readonly<{
  kind: string;
  values: Values;
  /** Accounts that may change the password of this one. */
  others: Offered;
  /** Another account may be chosen: by their role alone may people name one. */
  mayNameOthers: boolean;
  /** The administrator's password was given before: it may be left empty. */
  hasPassword: boolean;
  /** Why a field is wrong; null: it isn't what the problem is about. */
  problemOf: (name: string) => string | null;
  /** What somebody else made of a field meanwhile. */
  renderTheirs: (name: string) => Value;
  /** The password that it has: of a new account; of one that may be led elsewhere, the one there. */
  password?: 'new' | 'elsewhere';
}>;

/** The form's own field that a wrong part of the request is about. */
function fieldOfPart({ pointer = '' }: WrongPart, given: Given): string {
  const [, member = '', inner = ''] = pointer.split('/');
  if (member === 'settings') return `settings.${inner}`;
  if (member === 'passwordRules') return inner || 'length';
  if (member !== 'administrator') return member;
  if (textOf(given, 'adminWay') === 'account') return 'adminAccount';
  return inner === 'userName' ? 'adminUserName' : 'adminPassword';
}

/** The first field that the problem of the form is about, and why it is wrong; null: the form says it. */
export function wrongField(visit: Visit, act: string, kind: string): Readonly<{ name: string; why: string }> | null {
  const { problem, given, texts } = visit;
  if (problem === null || textOf(given, 'do') !== act) return null;
  for (const name of [...namesOf(kind), 'adminPassword', 'password']) {
    const part = partAbout(problem, given, name);
    if (part) return { name, why: part.says?.(texts) ?? part.detail };
  }
  return null;
}

/** A setting that the page itself refuses is named without the member around it. */
const partAbout = ({ errors }: AppError, given: Given, name: string) =>
  errors.find((part) => [fieldOfPart(part, given), `settings.${fieldOfPart(part, given)}`].includes(name));

export function renderAccountFields({ texts }: Visit, form: AccountForm): Html {
  const words = texts.console.accounts.fields;
  const field = (name: string, label: string, more: Partial<Parameters<typeof renderField>[0]> = {}): Html => {
    const why = form.problemOf(name);
    const problem = why && texts.console.apps.wrong({ why });
    return html`${renderField({ name, label, value: form.values[name] ?? '', problem, ...more })}${form.renderTheirs(name)}`;
  };
  const settings = settingFieldsOf(form.kind);
  return html`${field('name', words.name, { hint: words.nameHint, required: true, most: 200 })}
${field('userName', words.userName, { hint: words.userNameHint, required: true, most: 320 })}
${form.password && renderPassword(texts, form)}
${field('place', words.place, { hint: words.placeHint, most: 500 })}
${field('notes', words.notes, { hint: words.notesHint, rows: 3, most: 4_000 })}
${settings.length > 0 && html`<fieldset class="settings-group"><legend>${words.system}</legend>${settings.map((setting) => renderSetting(texts, form, setting, field))}</fieldset>`}
${form.kind !== 'manual' && renderAdministrator(texts, form, field)}
<fieldset class="settings-group"><legend>${words.rules}</legend>
${field('length', words.length, { hint: words.lengthHint, type: 'number', min: 8, max: 128 })}
${renderClasses(texts, form)}
${field('leaveOut', words.without, { hint: words.withoutHint, most: 100 })}
${field('everyDays', words.everyDays, { hint: words.everyDaysHint, type: 'number', min: 1, max: 3650 })}</fieldset>`;
}

type Field = (name: string, label: string, more?: Partial<Parameters<typeof renderField>[0]>) => Html;

function renderSetting(texts: Texts, form: AccountForm, setting: SettingField, field: Field): Html {
  const name = nameOfSetting(setting);
  const label = labelOfSetting(texts, setting.name);
  const { kind, required, most, initial, example } = setting;
  const options = kind === 'switch' ? ['yes', 'no'] : setting.options;
  if (kind === 'choice' || kind === 'switch') {
    const known = required || initial !== '' ? options : ['', ...options];
    const choices = known.map((value) => ({ value, label: choiceOf(texts, value) }));
    return html`${renderSelect({ name, label, value: form.values[name] ?? '', options: choices })}${form.renderTheirs(name)}`;
  }
  const hint = hintOf(texts, form.kind, setting);
  const rows = rowsOf(setting);
  return field(name, label, {
    required,
    ...(hint && { hint }),
    ...(rows && { rows }),
    ...(example && { placeholder: example }),
    ...(most !== undefined && { most }),
    ...(kind === 'number' && { inputMode: 'numeric' }),
  });
}

/** What is typed into the field of a setting; undefined: its name says it. */
function hintOf({ console }: Texts, connector: string, { name, kind }: SettingField): string | undefined {
  const words = console.accounts.fields;
  if (connector === 'ldap' && name === 'port') return words.portHint;
  if (kind === 'lines') return words.oneLine;
  if (kind !== 'json') return undefined;
  if (name === 'verify') return words.jsonOfTrial;
  return ofAnswers.includes(name) ? words.jsonOfAnswer : words.json;
}

/** Settings of a recipe that tell one answer from another. */
const ofAnswers: readonly string[] = ['accepted', 'rejected', 'denied'];

function rowsOf({ name, kind }: SettingField): number | undefined {
  if (kind === 'json') return ofAnswers.includes(name) || name === 'headers' ? 4 : 8;
  return kind === 'long' || kind === 'lines' ? 4 : undefined;
}

/** What a choice means; itself where it needs no words. */
function choiceOf({ console }: Texts, value: string): string {
  const words = console.accounts.fields;
  const choices: Readonly<Record<string, string>> = { yes: words.yes, no: words.no, ...words.choices };
  return choices[value] ?? value;
}

/** Each setting of a connector has a name for people, and nothing else has: the compiler finds both. */
type NamesOfSettings = Readonly<Record<SettingName, string>> &
  Readonly<Record<Exclude<keyof Texts['console']['accounts']['fields']['names'], SettingName>, never>>;

/** The name of a setting, for people; its own where there is none. */
export function labelOfSetting({ console }: Texts, name: string): string {
  const names: NamesOfSettings = console.accounts.fields.names;
  return Object.hasOwn(names, name) ? names[name as SettingName] : name;
}

function renderAdministrator(texts: Texts, form: AccountForm, field: Field): Html {
  const words = texts.console.accounts.fields;
  const chosen = form.values.adminWay ?? '';
  const mayOthers = form.mayNameOthers || form.others.items.length > 0;
  const ways = adminWays.filter((way) =>
    // Of two ways that mean the same, one is offered; an account that is named as its own says so.
    way === 'itself'
      ? needsAdmin(form.kind) || chosen === way
      : way === 'none'
        ? !needsAdmin(form.kind)
        : way === 'own' || mayOthers,
  );
  const value = ways.some((way) => way === chosen) ? chosen : (ways[0] ?? '');
  const why = form.problemOf('adminPassword');
  return html`<fieldset class="settings-group admin-of-account"><legend>${words.admin}</legend>
<p class="hint">${words.adminText}</p>
${renderChoices({
  name: 'adminWay',
  legend: words.adminWay,
  value,
  options: ways.map((way) => ({ value: way, label: words.adminWays[way] })),
})}${form.renderTheirs('adminWay')}
<div class="of-own">${field('adminUserName', words.adminUserName, { most: 320 })}
${renderField({
  name: 'adminPassword',
  label: words.adminPassword,
  type: 'password',
  most: 4_096,
  hint: form.hasPassword ? words.keepPassword : words.adminPasswordHint,
  problem: why && texts.console.apps.wrong({ why }),
})}</div>
${mayOthers && html`<div class="of-account">${renderOthers(texts, form)}</div>`}</fieldset>`;
}

function renderOthers(texts: Texts, form: AccountForm): Html {
  const words = texts.console.accounts.fields;
  const why = form.problemOf('adminAccount');
  const value = form.values.adminAccount ?? '';
  const chosen = form.others.items.find(({ id }) => id === value);
  if (form.others.more)
    return html`${renderField({
      name: 'adminAccount',
      label: words.adminAccountNamed,
      value,
      most: 200,
      hint: chosen && words.adminAccountIs({ account: chosen.name }),
      problem: why && texts.console.apps.wrong({ why }),
    })}${form.renderTheirs('adminAccount')}`;
  const others = form.others.items.map(({ id, name }) => ({ value: id, label: name }));
  return html`${why && renderProblem(texts.console.apps.wrong({ why }))}${renderSelect({
    name: 'adminAccount',
    label: words.adminAccount,
    value,
    options: [{ value: '', label: words.chooseAccount }, ...others],
  })}${form.renderTheirs('adminAccount')}`;
}

function renderClasses(texts: Texts, form: AccountForm): Html {
  const words = texts.console.accounts.fields;
  const chosen = (form.values.classes ?? '').split(' ');
  const why = form.problemOf('classes');
  return html`<fieldset class="choices"><legend>${words.classes}</legend>${why && renderProblem(texts.console.apps.wrong({ why }))}${characterClasses.map(
    (name) =>
      renderCheck({ name: 'classes', value: name, label: words.classNames[name], checked: chosen.includes(name) }),
  )}</fieldset>${form.renderTheirs('classes')}`;
}

/** Never shown again: the field is empty whatever was typed. */
function renderPassword(texts: Texts, form: AccountForm): Html {
  const words = texts.console.accounts.fields;
  const why = form.problemOf('password');
  return renderField({
    name: 'password',
    label: form.password === 'new' ? words.password : words.passwordThere,
    type: 'password',
    most: 4_096,
    hint: form.password === 'new' ? words.passwordHint : words.passwordThereHint,
    problem: why && texts.console.apps.wrong({ why }),
  });
}
