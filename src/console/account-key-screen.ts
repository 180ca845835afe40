import { AppError } from '../errors.ts';
import { html } from '../html.ts';
import { inConsole } from './account-place.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderField, renderForm, valueIn } from './parts.ts';
import { type Screen, textOf, type Visit } from './screen.ts';

type Asked = Readonly<{
  effects: Readonly<{ accounts: number; versions: number; underWay: number }>;
  confirmation: string;
}>;

/** Makes every kept password unreadable, for owners, who type the organisation's name. */
export function accountKeyScreen(use: Use): Screen {
  const eraseKey = use('eraseAccountKey', null);

  /** What would be lost; null: there is no key. */
  async function ask(visit: Visit): Promise<Asked | null> {
    try {
      await eraseKey(visit, { body: {} });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'confirmation_required') return error.members as Asked;
      if (error.code === 'conflict') return null;
      throw error;
    }
    throw new Error('what had to be confirmed was carried out without');
  }

  return {
    path: `${inConsole.root}/erase`,
    id: 'showAccountKeyErasure',
    summary: 'Make every password of the shared accounts unreadable',
    area: 'accounts',
    permission: 'accounts.erase',
    recent: true,
    async show(visit) {
      const { texts, principal } = visit;
      const words = texts.console.accounts;
      const asked = await ask(visit);
      const back = html` <a class="button quiet" href="${inConsole.root}">${texts.console.cancel}</a>`;
      return {
        title: words.erase,
        trail: trailOfAccounts(texts, inConsole),
        body: html`<div class="narrow"><h1>${words.erase}</h1>
<p>${words.eraseText}</p>
${
  asked === null
    ? html`<p class="notice">${words.eraseNothing}</p><p class="actions"><a class="button quiet" href="${inConsole.root}">${words.backToAll}</a></p>`
    : html`<p class="warning">${words.eraseEffects({ versions: words.removeVersions(asked.effects.versions), accounts: words.importAccounts(asked.effects.accounts) })}</p>
${asked.effects.underWay > 0 && html`<p class="warning">${words.eraseUnderWay(asked.effects.underWay)}</p>`}
${renderForm(visit, {
  do: 'erase',
  button: words.erase,
  alarming: true,
  hidden: { confirmation: asked.confirmation },
  content: renderField({
    name: 'org',
    label: texts.console.everyone.type({ org: principal.orgName }),
    value: valueIn(visit, 'erase', 'org'),
    required: true,
  }),
  beside: back,
})}`
}</div>`,
      };
    },
    acts: {
      erase: async (visit) => {
        const { given, texts, principal } = visit;
        const org = principal.orgName.trim().normalize('NFC');
        if (textOf(given, 'org').normalize('NFC') !== org)
          throw new AppError('invalid_request', texts.console.everyone.differs({ org }), { field: 'org' });
        await eraseKey(visit, { body: { confirmation: textOf(given, 'confirmation') } });
        return { to: inConsole.root, notice: 'passwordsErased' };
      },
    },
  };
}
