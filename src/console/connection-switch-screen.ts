import { connection } from '../admin/shown-connection.ts';
import { html } from '../html.ts';
import { trailTo } from './identity-parts.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import type { Act, Screen } from './screen.ts';

/** Switches a connection off, or on: a page that says what it means first. */
export function connectionSwitchScreen(use: Use): Screen {
  const getConnection = use('getConnection', connection);
  const changeConnection = use('changeConnection', connection);
  /** The button says which way: of two people at once neither turns round what the other did. */
  const turn =
    (active: boolean): Act =>
    async (visit) => {
      const { params } = visit;
      await changeConnection(visit, { params, body: { active } });
      return { to: `/admin/settings/connections/${params.id}`, notice: 'saved' };
    };

  return {
    path: '/admin/settings/connections/{id}/switch',
    id: 'showConnectionSwitch',
    summary: 'Switch a connection off or on',
    area: 'settings',
    permission: 'identity.change',
    recent: true,
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.connectionSwitch;
      const { id, name, active } = await getConnection(visit, { params });
      const back = `/admin/settings/connections/${id}`;
      const beside = html` <a class="button quiet" href="${back}">${texts.console.cancel}</a>`;
      return {
        title: active ? words.offTitle : words.onTitle,
        trail: trailTo(texts, 'connections', [{ label: name, href: back }]),
        body: html`<div class="narrow"><h1>${active ? words.offAsk({ name }) : words.onAsk({ name })}</h1>
${active ? html`<p>${words.offText}</p><p>${words.offStays}</p>` : html`<p>${words.onText}</p>`}
${
  active
    ? renderForm(visit, { do: 'off', button: words.offButton, alarming: true, beside })
    : renderForm(visit, { do: 'on', button: words.onButton, beside })
}</div>`,
      };
    },
    acts: { off: turn(false), on: turn(true) },
  };
}
