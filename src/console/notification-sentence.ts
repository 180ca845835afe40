import type { z } from 'zod';
import { type Html, html } from '../html.ts';
import { describe } from '../notifications/describe.ts';
import type { Kind } from '../notifications/kinds.ts';
import type { presented } from '../notifications/messages.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from '../web/compose.ts';

type Notification = z.infer<typeof presented>;
type Party = Readonly<{ type: string; id: string | null; name: string | null }>;

/** The notification's sentence in the reader's language; people in it are links to their pages. */
export function renderSentence(texts: Texts, { kind, action, actor, target, count, detail }: Notification): Html {
  return compose(
    ({ actorName, targetName }) =>
      describe(texts, {
        kind,
        action,
        actorType: actor.type,
        targetType: target?.type ?? null,
        count,
        parts: { ...detail, actorName: actor.name && actorName, targetName: (target?.name ?? null) && targetName },
      }),
    { actorName: renderParty(actor), targetName: target && renderParty(target) },
  );
}

function renderParty({ type, id, name }: Party): Html {
  return type === 'user' && id ? html`<a href="/admin/people/${id}">${name}</a>` : html`<bdi>${name}</bdi>`;
}

type Link = keyof Texts['console']['notifications']['links'];

/**
 * Where one goes on from a notification, beside the people in its sentence; `said` is the id of the
 * sentence, by which the link to the record is told from others.
 */
export function renderLinks(texts: Texts, { kind, target, event }: Notification, said: string): Html {
  const own = linkOf(kind, target);
  const links = [...(own ? [own] : []), ['event', `/admin/record/${event}`] as const];
  return html`${links.map(
    ([name, href]) =>
      html`<a id="${said}-${name}" href="${href}"${name === 'event' && html` aria-labelledby="${said}-${name} ${said}"`}>${texts.console.notifications.links[name]}</a> `,
  )}`;
}

function linkOf(kind: Kind, target: Notification['target']): readonly [Link, string] | null {
  if (kind === 'refused_calls') return ['refusedCalls', '/admin/revocations/refused'];
  if (kind === 'refused_provisioning') return ['provisioning', '/admin/settings/provisioning'];
  if (kind === 'shared_account' && target?.type === 'account') return ['account', `/admin/accounts/${target.id}`];
  if (kind === 'dead_letter' && target?.type === 'app') return ['app', `/admin/apps/${target.id}`];
  if (kind === 'dead_letter') return ['undelivered', '/admin/notifications/undelivered'];
  if (kind === 'api_key') return ['apiKeys', '/admin/settings/api-keys'];
  if (target?.type !== 'connection' || !target.id) return null;
  return ['connection', `/admin/settings/connections/${target.id}`];
}
