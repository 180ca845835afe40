import type { z } from 'zod';
import { app, appWithSecret } from '../admin/app-forms.ts';
import { appTest } from '../admin/apps.ts';
import { forward, forwardPage } from '../admin/forwards.ts';
import { groupNames } from '../admin/groups.ts';
import type { Config } from '../config.ts';
import { type Html, html, type Value } from '../html.ts';
import { compose } from '../web/compose.ts';
import { renderEntries } from './app-entries.ts';
import { valuesOf } from './app-fields.ts';
import { hostOf, mayChangeApp, renderAppState, renderCount, type ShownApp, trailOfApps, wayOf } from './app-view.ts';
import { renderForwards } from './forward-screens.ts';
import { forwardErrorIn } from './forward-state.ts';
import type { Use } from './operations.ts';
import { renderBadge, renderEmpty, renderFacts, renderForm, renderMoment } from './parts.ts';
import { type Screen, textOf, type View, type Visit } from './screen.ts';

const mostSent = 10;

/** One app: how it is doing, what was passed on to it, and what it has to know of us. */
export function appScreen(use: Use, config: Pick<Config, 'publicUrl'>): Screen {
  const getApp = use('getApp', app);
  const changeApp = use('changeApp', appWithSecret);
  const testApp = use('testApp', appTest);
  const listForwards = use('listForwards', forwardPage);
  const replayForward = use('replayForward', forward);
  const listGroupNames = use('listGroupNames', groupNames);
  const setState = (state: ShownApp['state']) => async (visit: Visit) => {
    await changeApp(visit, { params: visit.params, body: { state } });
    return { to: visit.req.path, notice: 'saved' } as const;
  };

  /** The names of the groups whose members it is told of; null: of everyone. */
  async function groupsOf(visit: Visit, { settings }: ShownApp): Promise<readonly string[] | null> {
    const { concerns } = settings as { concerns?: { who: string; groups?: string[] } };
    if (concerns?.who !== 'groups') return null;
    const names: string[] = [];
    for (const id of concerns.groups ?? []) {
      const { groups } = await listGroupNames(visit, { query: { id, limit: 1 } });
      names.push(groups[0]?.displayName ?? visit.texts.console.apps.groupGone);
    }
    return names;
  }

  return {
    path: '/admin/apps/{id}',
    id: 'showApp',
    summary: 'One app',
    area: 'apps',
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.apps;
      // One after another: a page leaves the connections to others.
      const found = await getApp(visit, { params });
      const { items } = await listForwards(visit, { query: { app: found.id, limit: mostSent } });
      const groups = await groupsOf(visit, found);
      const may = mayChangeApp(visit, found);
      const page = `/admin/apps/${found.id}`;
      const entries = renderEntries(visit, config, found);
      return {
        title: words.one,
        trail: trailOfApps(texts),
        body: html`<div class="heading"><h1>${found.name}</h1>${may && renderButtons(visit, found)}</div>
${renderStanding(visit, found)}
<section aria-labelledby="facts"><h2 id="facts" class="unseen">${words.facts}</h2>${renderFactsOf(visit, found, groups)}
<p class="actions">${may && html`<a class="button quiet" href="${page}/settings">${words.changeSettings}</a>`}${
          may && found.hasClientSecret && html` <a class="button quiet" href="${page}/secret">${words.newSecret}</a>`
        }${found.kind === 'gtr' && html` <a class="button quiet" href="${page}/people">${words.people}</a>`}</p></section>
<section id="sent" aria-labelledby="sent-title"${found.waiting > 0 && found.state === 'enabled' && html` data-again="5000"`}><h2 id="sent-title">${words.sent}</h2>${
          items.length > 0
            ? html`${renderForwards(visit, items, { withApp: false })}<p><a href="/admin/forwards?app=${found.id}">${words.allSent}</a></p>`
            : renderEmpty(words.nothingSent)
        }</section>
${
  entries &&
  html`<section class="narrow" aria-labelledby="enter"><h2 id="enter">${words.enter}</h2><p>${words.enterText[wayOf(found)]}</p>${entries}</section>`
}`,
      };
    },
    acts: {
      pause: setState('paused'),
      enable: setState('enabled'),
      disable: setState('disabled'),
      test: async (visit) => {
        const tested = await testApp(visit, { params: visit.params });
        return viewOfTest(visit, await getApp(visit, { params: visit.params }), tested);
      },
      again: async (visit) => {
        await replayForward(visit, { params: { id: textOf(visit.given, 'forward') } });
        return { to: visit.req.path, notice: 'sentAgain' };
      },
    },
  };
}

function renderButtons(visit: Visit, { id, state }: ShownApp): Html {
  const words = visit.texts.console.apps;
  const button = (act: 'test' | 'pause' | 'enable' | 'disable') =>
    renderForm(visit, { do: act, button: words[act], quiet: act !== 'enable', inline: true });
  return html`<div class="actions">${state !== 'disabled' && button('test')}${state === 'enabled' ? button('pause') : button('enable')}${state !== 'disabled' && button('disable')}<a class="button quiet alarming" href="/admin/apps/${id}/remove">${words.remove}</a></div>`;
}

/** Why it hears of nothing just now. */
function renderStanding({ texts }: Visit, { state, awaySince }: ShownApp): Html | null {
  const words = texts.console.apps;
  if (state === 'paused') return html`<p class="notice">${words.pausedText}</p>`;
  if (state === 'disabled') return html`<p class="notice">${words.disabledText}</p>`;
  if (awaySince === null) return null;
  return html`<p class="warning">${compose(words.awayText, { since: renderMoment(texts, awaySince) })}</p>`;
}

function renderFactsOf({ texts }: Visit, found: ShownApp, groups: readonly string[] | null): Html {
  const words = texts.console.apps;
  const way = wayOf(found);
  const { naming = '', who = '' } = valuesOf(way, found);
  const namings: Readonly<Record<string, string>> = words.namings;
  const concerned: Value =
    groups !== null
      ? html`${words.ofGroups}<span class="sub">${groups.join(', ')}</span>`
      : way === 'oidc' || who === 'seen'
        ? words.seen
        : words.everyone;
  return renderFacts([
    [words.state, renderAppState(texts, found)],
    [words.kind, words.ways[way]],
    [words.where, hostOf(found)],
    [words.stream, found.kind === 'ssf' && renderStream(texts, found)],
    [words.knows, way === 'oidc' ? words.namings.sub : namings[naming]],
    [words.concerns, concerned],
    [words.last, found.lastReceivedAt === null ? words.notYet : renderMoment(texts, found.lastReceivedAt)],
    [words.waiting, renderCount(texts, found, 'pending', found.waiting)],
    [words.dead, renderCount(texts, found, 'dead', found.dead)],
    [words.credential, found.hasCredential && words.hasCredential],
    [words.clientSecret, found.hasClientSecret && words.hasClientSecret],
    [words.added, renderMoment(texts, found.createdAt)],
    [words.changed, found.updatedAt !== found.createdAt && renderMoment(texts, found.updatedAt)],
  ]);
}

/** Receivers set up their streams themselves. */
function renderStream(texts: Visit['texts'], { stream }: ShownApp): Value {
  const words = texts.console.apps;
  if (stream === null) return words.noStream;
  const used = compose(words.streamUsed, { at: renderMoment(texts, stream.lastUsedAt) });
  const isOff = stream.status !== 'enabled' && renderBadge(words.states[stream.status], 'bad');
  return html`${words.streams[stream.method]}${isOff && html` ${isOff}`}<span class="sub">${used}</span>`;
}

/** What came of telling it of nobody: shown once; a reload sends another. */
function viewOfTest(visit: Visit, found: ShownApp, tested: z.output<typeof appTest>): View {
  const { texts } = visit;
  const words = texts.console.apps;
  const page = `/admin/apps/${found.id}`;
  const isGood = tested.result === 'delivered';
  return {
    title: words.testTitle,
    trail: trailOfApps(texts, found),
    body: html`<div class="narrow"><h1>${words.tested}</h1>
<p class="${isGood ? 'notice' : 'warning'}" role="status">${sayTest(texts, found, tested)}</p>
<p>${found.kind === 'ssf' ? words.testVerifiedText : words.testText}</p>
<div class="actions">${renderForm(visit, { do: 'test', button: words.test, quiet: true, inline: true })}<a class="button" href="${page}">${words.back}</a></div></div>`,
  };
}

function sayTest(
  texts: Visit['texts'],
  { kind }: ShownApp,
  { result, status, error }: z.output<typeof appTest>,
): string {
  const words = texts.console.apps;
  const answered = status === null ? '' : String(status);
  if (result === 'delivered' && kind === 'ssf') return words.testVerified({ status: answered });
  if (result === 'delivered')
    return error === 'unknown_there' ? words.testGood({ status: answered }) : words.testTaken({ status: answered });
  const why = forwardErrorIn(texts, error ?? '');
  if (result === 'left_out') return words.testNothing({ why });
  return words.testBad({ why: status === null ? why : words.testBadWith({ why, status: answered }) });
}
