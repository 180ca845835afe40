import type { z } from 'zod';
import type { auditEvent } from '../admin/audit-events.ts';
import { may } from '../api/permissions.ts';
import { variousNetworks } from '../audit/actions.ts';
import type { Role } from '../database/generated/client.ts';
import { type Html, html, type Value } from '../html.ts';
import { whyRefused } from '../notifications/why-refused.ts';
import type { Texts } from '../texts/texts.ts';
import { clients } from '../tokens/clients.ts';
import { compose } from '../web/compose.ts';
import { forwardErrorIn } from './forward-state.ts';
import { renderMoment } from './parts.ts';

/** An event of the record, as the API shows it. */
export type ShownEvent = Pick<z.output<typeof auditEvent>, 'action' | 'actor' | 'target' | 'reason' | 'detail'>;

type Named = NonNullable<ShownEvent['target']>;

/** The pages of what an event names. A removed one of these still has its events. */
const pages: Readonly<Record<string, (id: string) => string>> = {
  user: (id) => `/admin/people/${id}`,
  connection: (id) => `/admin/settings/connections/${id}`,
  group: (id) => `/admin/groups/${id}`,
  webhook: (id) => `/admin/webhooks/${id}`,
  app: (id) => `/admin/apps/${id}`,
  account: (id) => `/admin/accounts/${id}`,
};

export const linkTo = (type: string, id: string | null, label: Value): Html => {
  const href = id === null ? undefined : pages[type]?.(id);
  return href === undefined ? html`${label}` : html`<a href="${href}">${label}</a>`;
};

export const textIn = ({ detail }: ShownEvent, name: string): string | null =>
  typeof detail[name] === 'string' && detail[name] !== '' ? detail[name] : null;

const numberIn = ({ detail }: ShownEvent, name: string): number =>
  typeof detail[name] === 'number' ? detail[name] : 0;

/** Reads from an event what its sentence is made of, with the links that this role may follow. */
export function partsOf(texts: Texts, event: ShownEvent, reader: Role) {
  const words = texts.console.sentences;

  /** Of somebody whose name is erased their own events are what is left to look at. */
  function nameOf({ type, id, name, email }: Pick<Named, 'id' | 'name' | 'email'> & { type: string }): Html {
    const called = name || email;
    if (called) return linkTo(type, id, called);
    if (id === null) return html`${words.nobody}`;
    const label = name === null ? words.nameErased : words.nameless;
    return type === 'user' ? html`<a href="/admin/record?person=${id}">${label}</a>` : linkTo(type, id, label);
  }

  function actor(): Html {
    const { type, name } = event.actor;
    if (type === 'operator' || type === 'system') return html`${words.actors[type]}`;
    if (type === 'api_key' && name) return html`${words.actors.apiKey({ name })}`;
    if (type === 'connection') return compose(words.actors.connection, { name: nameOf(event.actor) });
    const network = textIn(event, 'network');
    if (type !== 'anonymous') return nameOf(event.actor);
    if (network === variousNetworks) return html`${words.actors.atManyNetworks}`;
    return html`${network === null ? words.actors.anonymous : words.actors.at({ network })}`;
  }

  function target(): Html {
    if (event.target?.type === 'group') return linkTo('group', event.target.id, event.target.name ?? words.group);
    return event.target ? nameOf(event.target) : html`${words.nobody}`;
  }

  /** The person whose session or app it was: the event has their id alone. */
  function owner(): Html {
    const id = textIn(event, 'user');
    return id === null ? html`${words.nobody}` : linkTo('user', id, words.nobody);
  }

  function webhook(): Html {
    const host = textIn(event, 'host');
    const label = host === null ? words.webhook : words.webhookAt({ host });
    const id = event.action === 'webhook.removed' ? null : (event.target?.id ?? null);
    return may(reader, 'settings.change') ? linkTo('webhook', id, label) : html`${label}`;
  }

  /** An app behind, by the name that it had then. */
  function appBehind(): Html {
    const id = event.action === 'app.removed' ? null : (event.target?.id ?? null);
    return linkTo('app', id, textIn(event, 'name') ?? words.something);
  }

  /** A shared account, by the name that it had then. */
  function account(): Html {
    const id = event.action === 'account.removed' ? null : (event.target?.id ?? null);
    return linkTo('account', id, textIn(event, 'name') ?? words.something);
  }

  /** Who has a right to an account, or had: the event has an id alone. */
  function holder(): Html {
    const group = textIn(event, 'group');
    return group === null ? owner() : linkTo('group', group, words.group);
  }

  /** What an account’s password is changed for, as the way to the revocation where there is one. */
  function rotationCause(): Html {
    const causes: Readonly<Record<string, string>> = words.rotationCauses;
    const cause = textIn(event, 'cause') ?? '–';
    const said = causes[cause] ?? cause;
    const all = textIn(event, 'revocations')?.split(' ') ?? [];
    if (all.length < 2) return revocation(said);
    const links = all.map((id, at) => html`${at > 0 && ', '}<a href="/admin/revocations/${id}"><code>${id}</code></a>`);
    const more = numberIn(event, 'causes') - all.length;
    return compose(words.ofRevocations, {
      cause: said,
      revocations: html`${links}${more > 0 && words.moreRevocations(more)}`,
    });
  }

  /** A word of a connector or a rotation, as people say it; one without words stands for itself. */
  function said(name: string, known: Readonly<Record<string, string>>): Value {
    const word = textIn(event, name) ?? '–';
    return Object.hasOwn(known, word) ? known[word] : html`<code>${word}</code>`;
  }
  const accountResult = () => said('result', words.accountResults);
  const rotationError = (name: string) => said(name, texts.rotationErrors);

  function revocation(label: Value = words.revocation): Html {
    const id = textIn(event, 'revocation');
    return id === null ? html`${label}` : html`<a href="/admin/revocations/${id}">${label}</a>`;
  }

  /** How much ended, as the way to the revocation where there is one. */
  function ended(): Html {
    const [sessions, grants] = [numberIn(event, 'sessionsEnded'), numberIn(event, 'grantsEnded')];
    const [browsers, apps] = [words.browsers(sessions), words.apps(grants)];
    if (sessions + grants === 0) return revocation(words.nothingEnded);
    const some = sessions > 0 && grants > 0 ? words.both({ browsers, apps }) : sessions > 0 ? browsers : apps;
    return revocation(event.detail.more === true ? words.andMore({ ended: some }) : some);
  }

  /** The product's own by its name, one of the organisation's as the way to it. */
  function app(): Value {
    const id = textIn(event, 'client');
    const known = clients.find(({ client_id }) => client_id === id)?.client_name;
    if (known !== undefined || id === null) return known ?? words.anApp;
    return id.startsWith('app_') ? linkTo('app', id, words.anApp) : id;
  }

  /** A value of a policy. */
  function value(name: 'before' | 'after'): string {
    const found = event.detail[name] ?? null;
    if (found === null) return words.standard;
    return typeof found === 'boolean' ? words[found ? 'on' : 'off'] : String(found);
  }

  function role(name: 'from' | 'to'): string {
    const roles: Readonly<Record<string, string>> = texts.console.roles;
    const found = textIn(event, name) ?? '–';
    return roles[found] ?? found;
  }

  function moment(name: string): Html {
    const at = textIn(event, name) ?? '';
    return Number.isNaN(Date.parse(at)) ? html`${words.something}` : renderMoment(texts, at);
  }

  /** A sentence of its own, which ends another here. */
  const why = () => whyRefused(texts, event.detail)?.replace(/\.$/, '') ?? words.noReasonKnown;

  /** Of an app: why it was not told. */
  const whyNotTold = () => forwardErrorIn(texts, textIn(event, 'error') ?? '–');

  const number = (name: string) => String(numberIn(event, name));
  return {
    words,
    why,
    whyNotTold,
    actor,
    target,
    owner,
    webhook,
    appBehind,
    account,
    holder,
    rotationCause,
    accountResult,
    rotationError,
    revocation,
    ended,
    app,
    value,
    role,
    moment,
    number,
  };
}
