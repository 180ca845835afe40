import type { z } from 'zod';
import type { accountReveal, accountRight, accountVersion } from '../admin/account-forms.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Place } from './account-place.ts';
import { mayManage, mayRead, type ReadAccount } from './account-view.ts';
import {
  formatNumber,
  renderBadge,
  renderEmpty,
  renderForm,
  renderMoment,
  renderTable,
  unseenColumn,
} from './parts.ts';
import type { Visit } from './screen.ts';

type Right = z.output<typeof accountRight>;
type Reveal = z.output<typeof accountReveal>;
type Version = z.output<typeof accountVersion>;

/** Who has access, and the way to give and take it. */
export function renderRights(visit: Visit, found: ReadAccount, rights: readonly Right[], place: Place): Html {
  const words = visit.texts.console.accounts;
  const give = { label: words.give, href: `${place.root}/${found.id}/access` };
  if (rights.length === 0) return renderEmpty(words.nobody, mayManage(visit, found) ? give : undefined);
  return html`${renderTable({
    caption: words.whoList,
    columns: [words.holder, words.right, words.since, ...(mayManage(visit, found) ? [unseenColumn(words.take)] : [])],
    rows: rights.map((right): readonly Value[] => [
      renderHolder(visit, right, place),
      words.rights[right.right],
      renderMoment(visit.texts, right.createdAt),
      ...(mayManage(visit, found) ? [renderTake(visit, right)] : []),
    ]),
  })}
${mayManage(visit, found) && html`<p class="soft">${words.takeText}</p><p class="actions"><a class="button quiet" href="${give.href}">${give.label}</a></p>`}`;
}

const nameOf = ({ texts }: Visit, { user, group }: Right): string =>
  group?.displayName ?? (user && (user.name || user.email)) ?? texts.console.accounts.removedHolder;

function renderHolder(visit: Visit, right: Right, { area }: Place): Html {
  const { user, group } = right;
  const name = nameOf(visit, right);
  const label = area === null ? html`${name}` : linkTo(right, name);
  const words = visit.texts.console;
  const sub = group ? words.groups.people(group.members) : user?.name ? user.email : null;
  return html`${label}${sub && html`<span class="sub">${group && `${words.accounts.group}, `}${sub}</span>`}`;
}

const linkTo = ({ user, group }: Right, name: string): Html =>
  group
    ? html`<a href="/admin/groups/${group.id}">${name}</a>`
    : user
      ? html`<a href="/admin/people/${user.id}">${name}</a>`
      : html`${name}`;

const renderTake = (visit: Visit, right: Right): Html => {
  const words = visit.texts.console.accounts;
  return renderForm(visit, {
    do: 'take',
    button: words.take,
    label: words.takeFrom({ holder: nameOf(visit, right) }),
    quiet: true,
    inline: true,
    hidden: { right: right.id },
    toldBy: 'right',
  });
};

/** Who has read which version. */
export function renderReveals({ texts }: Visit, reveals: readonly Reveal[], { area }: Place): Html {
  const words = texts.console.accounts;
  if (reveals.length === 0) return renderEmpty(words.noReveals);
  return renderTable({
    caption: words.revealsList,
    columns: [words.person, words.versionNumber, words.at],
    rows: reveals.map(({ user, version, createdAt }) => {
      const name = user ? user.name || user.email || words.removedHolder : words.operator;
      const isKnown = area !== null && user !== null && (user.name || user.email);
      return [
        isKnown ? html`<a href="/admin/people/${user.id}">${name}</a>` : name,
        formatNumber(texts, version),
        renderMoment(texts, createdAt),
      ];
    }),
  });
}

/** What is kept; whoever manages the account reads any of them. */
export function renderVersionList(visit: Visit, found: ReadAccount, versions: readonly Version[]): Html {
  const { texts } = visit;
  const words = texts.console.accounts;
  if (versions.length === 0) return renderEmpty(words.noVersions);
  const kinds = { current: 'good', candidate: 'plain', former: 'plain', dead: 'bad' } as const;
  return renderTable({
    caption: words.versionsList,
    columns: [
      words.versionNumber,
      words.versionState,
      words.made,
      words.accepted,
      words.refused,
      ...(mayRead(found) ? [unseenColumn(words.read)] : []),
    ],
    rows: versions.map((version): readonly Value[] => [
      formatNumber(texts, version.version),
      renderBadge(words.versionStates[version.state], kinds[version.state]),
      html`${renderMoment(texts, version.createdAt)}<span class="sub">${version.rotationId === null ? words.by.people : words.by.rotation}</span>`,
      version.acceptedAt && renderMoment(texts, version.acceptedAt),
      version.refusedAt && renderMoment(texts, version.refusedAt),
      ...(mayRead(found) ? [renderRead(visit, version)] : []),
    ]),
  });
}

const renderRead = (visit: Visit, { version }: Version): Html => {
  const words = visit.texts.console.accounts;
  return renderForm(visit, {
    do: 'read',
    button: words.read,
    label: words.readVersion({ n: formatNumber(visit.texts, version) }),
    quiet: true,
    inline: true,
    hidden: { version: String(version) },
    toldBy: 'version',
  });
};
