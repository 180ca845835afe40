import { connection } from '../admin/shown-connection.ts';
import { type Html, html, type Value } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { changesOf, formOf, renderTheirs, shownFields, type Values } from './changed-fields.ts';
import type { ShownConnection } from './connection-view.ts';
import { trailTo } from './identity-parts.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import { sayProblem } from './say-problem.ts';
import type { Given, Screen, View, Visit } from './screen.ts';
import { fieldOfProblem } from './wrong-fields.ts';

/** The button's name. */
export const act = 'save';

/** What the fields of a connection's form show. */
export type Fields = Readonly<{
  value: (name: string) => string;
  /** Why the field is wrong, where it is what the problem is about. */
  problemOf: (name: string) => Value;
  /** What somebody else made of it meanwhile. */
  renderTheirs: (name: string) => Html | null;
}>;

type ConnectionForm = Pick<Screen, 'id' | 'summary' | 'secrets'> &
  Readonly<{
    /** The end of its address. */
    part: string;
    wordsOf: (texts: Texts) => Readonly<{ title: string; text?: string }>;
    /** Its fields, and whatever else of it a problem may be about. */
    names: readonly string[];
    /** The connection as texts, so that what was shown can be compared with what is. */
    valuesOf: (found: ShownConnection) => Values;
    typedIn: (given: Given) => Values;
    /** The request's members, of what the person changed. */
    bodyOf: (changes: Values, given: Given) => Record<string, unknown>;
    /** How a value is called. */
    say: (texts: Texts, name: string, value: string) => string;
    renderFields: (visit: Visit, fields: Fields) => Html;
  }>;

/**
 * A form that changes a connection: only what the person changed is sent, and what somebody else
 * changed meanwhile is shown beside it, not overwritten.
 */
export function connectionFormScreen(use: Use, form: ConnectionForm): Screen {
  const getConnection = use('getConnection', connection);
  const changeConnection = use('changeConnection', connection);
  return {
    path: `/admin/settings/connections/{id}/${form.part}`,
    id: form.id,
    summary: form.summary,
    area: 'settings',
    permission: 'identity.change',
    recent: true,
    secrets: form.secrets ?? [],
    show: async (visit) => viewOf(visit, form, await getConnection(visit, { params: visit.params })),
    acts: {
      [act]: async (visit) => {
        const { params, given } = visit;
        const found = await getConnection(visit, { params });
        const changes = changesOf(visit, form.typedIn(given), form.valuesOf(found));
        const to = `/admin/settings/connections/${found.id}`;
        const body = form.bodyOf(changes, given);
        if (Object.keys(body).length === 0) return { to };
        await changeConnection(visit, { params, body });
        return { to, notice: 'saved' };
      },
    },
  };
}

function viewOf(visit: Visit, form: ConnectionForm, found: ShownConnection): View {
  const { texts, given, problem } = visit;
  const { title, text } = form.wordsOf(texts);
  const back = `/admin/settings/connections/${found.id}`;
  const now = form.valuesOf(found);
  const { values, theirs } = formOf(visit, act, form.typedIn(given), now);
  const wrong = fieldOfProblem(visit, act, form.names);
  const fields: Fields = {
    value: (name) => values[name] ?? '',
    problemOf: (name) => wrong === name && problem && sayProblem(texts, problem),
    renderTheirs(name) {
      const value = theirs[name];
      return renderTheirs(texts, value === undefined ? undefined : form.say(texts, name, value));
    },
  };
  return {
    title,
    trail: trailTo(texts, 'connections', [{ label: found.name, href: back }]),
    body: html`<div class="narrow"><h1>${title}</h1>
${text && html`<p>${text}</p>`}
${renderForm(wrong === null ? visit : { ...visit, problem: null }, {
  do: act,
  button: texts.console.save,
  hidden: shownFields(now),
  content: form.renderFields(visit, fields),
  beside: html` <a class="button quiet" href="${back}">${texts.console.cancel}</a>`,
})}</div>`,
  };
}
