import type { Effects } from '../admin/effects.ts';
import { mostCounted } from '../database/most-counted.ts';
import { AppError } from '../errors.ts';
import { type Html, html, type Value } from '../html.ts';
import { forwardErrorIn } from './forward-state.ts';
import {
  formatNumber,
  renderBadge,
  renderEmpty,
  renderFacts,
  renderField,
  renderForm,
  renderMoment,
  renderTable,
  valueIn,
} from './parts.ts';
import { filled, type Given, type Visit } from './screen.ts';

/** What an operation that has to be confirmed says it would do, and how to confirm it. */
export type Asked = Readonly<{
  effects: Effects;
  confirmation: string;
  /** What the person is called whom it is about; '' where it is about several. */
  name: string;
}>;

/** Asks such an operation without a confirmation: nothing ends. */
export async function askFirst(ask: () => Promise<unknown>): Promise<Asked> {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'confirmation_required') throw error;
    const asked = error.members as Omit<Asked, 'name'>;
    const { user } = asked.effects;
    return { ...asked, name: user?.name || user?.email || '' };
  }
  throw new Error('what had to be confirmed was carried out without');
}

/** The two reasons, as the API takes them. */
export function reasonOf(given: Given) {
  const reason = { administrators: filled(given, 'administrators'), person: filled(given, 'person') };
  return reason.administrators || reason.person ? { reason } : {};
}

export function renderReasons(visit: Visit, act: string): Html {
  const words = visit.texts.console.signOut;
  return html`${renderField({ name: 'administrators', label: words.administrators, hint: words.administratorsHint, value: valueIn(visit, act, 'administrators'), most: 500 })}
${renderField({ name: 'person', label: words.person, hint: words.personHint, value: valueIn(visit, act, 'person'), most: 200 })}`;
}

/** How many sessions and apps would end, and whether they are only the first that were counted. */
function amountOf({ sessionCount, grantCount }: Effects) {
  return { amount: sessionCount + grantCount, isMost: Math.max(sessionCount, grantCount) >= mostCounted };
}

type ButtonWords = Readonly<{
  button: (amount: number) => string;
  buttonMost: (words: { amount: string }) => string;
  buttonNone: string;
}>;

/** The words of the button that ends them; where counting stopped, the number is the least. */
export function endingButton({ texts }: Visit, words: ButtonWords, effects: Effects): string {
  const { amount, isMost } = amountOf(effects);
  if (isMost)
    return words.buttonMost({ amount: texts.console.signOut.atLeast({ amount: formatNumber(texts, amount) }) });
  return amount > 0 ? words.button(amount) : words.buttonNone;
}

/** To which apps behind it is passed on, and to which it can't be. */
function toTellFacts({ texts }: Visit, { toTell }: Effects): readonly (readonly [string, Value])[] {
  const words = texts.console.forwards;
  const told = toTell.filter(({ why }) => why === null);
  const others = toTell.flatMap(({ name, why }) =>
    why === null ? [] : [words.notToldWhy({ app: name, why: forwardErrorIn(texts, why) })],
  );
  const names = told.map(({ name, state }) => (state === 'paused' ? words.whenEnabled({ app: name }) : name));
  return [
    [words.willTell, names.length > 0 && names.join(', ')],
    [words.notTold, others.length > 0 && others.map((other) => html`<span class="line">${other}</span>`)],
  ];
}

/** What would end: how much of it, the devices seen last, and what else the action means. */
function renderEffects(visit: Visit, effects: Effects): Html {
  const { texts } = visit;
  const words = texts.console.signOut;
  const { person, roles } = texts.console;
  const { amount, isMost } = amountOf(effects);
  const rows = effects.sessions.map((device) => [
    html`${device.device}<span class="sub">${device.client}${device.current && html` ${renderBadge(person.thisIsYours)}`}</span>`,
    html`${renderMoment(texts, device.createdAt)}${renderPlace(device.signedInFrom)}`,
    html`${renderMoment(texts, device.lastSeenAt)}${renderPlace(device.lastSeenFrom)}`,
  ]);
  const table = renderTable({ caption: words.ends, columns: [person.device, person.signedIn, person.lastSeen], rows });
  return html`<section aria-labelledby="ends"><h2 id="ends">${words.ends}</h2>
${renderWarnings(visit, effects)}
${
  amount === 0
    ? renderEmpty(words.nothing)
    : html`<p class="sum"><strong>${renderSum(visit, effects)}</strong></p>
${
  // Whose a device is isn't known here.
  effects.people > 1
    ? html`<details><summary>${words.seenLast}</summary>${table}</details>`
    : html`${table}${(isMost || amount > rows.length) && html`<p class="soft">${words.listed(rows.length)}</p>`}`
}`
}
${renderFacts([
  ...toTellFacts(visit, effects),
  [words.apps, effects.apps.length > 0 && effects.apps.join(', ')],
  [
    words.roles,
    effects.people > 1 &&
      effects.roles.map(({ role, people }) => `${roles[role]}: ${formatNumber(texts, people)}`).join(', '),
  ],
])}</section>`;
}

function renderSum({ texts }: Visit, { sessionCount, grantCount }: Effects): string {
  const { signOut: words, people } = texts.console;
  const counts = [
    { n: sessionCount, text: people.sessions(sessionCount) },
    { n: grantCount, text: people.apps(grantCount) },
  ];
  const known = counts.filter(({ n }) => n > 0);
  return known.map(({ n, text }) => (n >= mostCounted ? words.atLeast({ amount: text }) : text)).join(', ');
}

/** Where a device was; an address isn't always known. One of IPv6 breaks between its groups. */
export function renderPlace(place: string | null): Value {
  if (place === null) return null;
  const groups = place.split(/(?<=:)/).map((group, index) => (index === 0 ? group : html`<wbr>${group}`));
  return html`<span class="sub">${groups}</span>`;
}

function renderWarnings({ texts }: Visit, { withoutReturn, means, unknown, sessions }: Effects): Html {
  const words = texts.console.signOut;
  return html`${unknown.length > 0 && html`<p class="warning">${words.unknown}: ${unknown.join(', ')}</p>`}
${withoutReturn && html`<p class="warning">${words.withoutReturn({ connections: withoutReturn.join(', ') })}</p>`}
${sessions.some(({ current }) => current) && html`<p class="warning">${words.own}</p>`}
${means && html`<ul class="means">${means.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}`;
}

/** The page that asks before access ends; a script may show it as a dialog. */
export function renderEnding(
  visit: Visit,
  ending: Readonly<{
    title: string;
    text: Value;
    asked: Omit<Asked, 'name'>;
    /** Which of the screen's acts. */
    do: string;
    /** Default: how many sessions are signed out. */
    button?: string;
    /** Between what will end and the button; default: the two reasons. */
    content?: Value;
    above?: Value;
    hidden?: Readonly<Record<string, string>>;
    cancel: string;
  }>,
): Html {
  const { effects, confirmation } = ending.asked;
  const { cancel } = visit.texts.console;
  return html`<div class="narrow" data-ending><h1>${ending.title}</h1>
<p>${ending.text}</p>
${ending.above}
${renderEffects(visit, effects)}
${renderForm(visit, {
  do: ending.do,
  button: ending.button ?? endingButton(visit, visit.texts.console.signOut, effects),
  alarming: true,
  hidden: { confirmation, ...ending.hidden },
  content: ending.content ?? renderReasons(visit, ending.do),
  beside: html` <a class="button quiet" data-close href="${ending.cancel}">${cancel}</a>`,
})}</div>`;
}
