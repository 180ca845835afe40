import { accountForReader } from '../admin/account-forms.ts';
import { AppError } from '../errors.ts';
import { html, type Value } from '../html.ts';
import { inConsole } from './account-place.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderForm, renderProblem } from './parts.ts';
import { sayProblem } from './say-problem.ts';
import { type Screen, textOf, type Visit } from './screen.ts';

type Effects = Readonly<{ versions: number; rights: number; mayBeLive: readonly number[] }>;
/** What would be lost and how to confirm it, or why it can't be removed. */
type Asked = Readonly<{ effects: Effects; confirmation: string }> | AppError;

/** Asks before an account is removed, with what would be lost. */
export function accountRemovalScreen(use: Use): Screen {
  const getAccount = use('getAccount', accountForReader);
  const removeAccount = use('removeAccount', null);

  /** Nothing is removed without a confirmation. */
  async function ask(visit: Visit): Promise<Asked> {
    try {
      await removeAccount(visit, { params: visit.params, body: {} });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'confirmation_required') return error.members as Exclude<Asked, AppError>;
      if (error.code === 'conflict') return error;
      throw error;
    }
    throw new Error('what had to be confirmed was carried out without');
  }

  return {
    path: `${inConsole.root}/{id}/remove`,
    id: 'showAccountRemoval',
    summary: 'Remove a shared account',
    area: 'accounts',
    permission: 'accounts.change',
    recent: true,
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.accounts;
      const found = await getAccount(visit, { params });
      const asked = await ask(visit);
      const back = html` <a class="button quiet" href="${inConsole.root}/${found.id}">${texts.console.cancel}</a>`;
      return {
        title: words.removeTitle,
        trail: trailOfAccounts(texts, inConsole, found),
        body: html`<div class="narrow"><h1>${words.removeAsk(found)}</h1>
${asked instanceof AppError ? html`${renderProblem(sayProblem(texts, asked))}<p class="actions">${back}</p>` : renderAsk(visit, asked, back)}</div>`,
      };
    },
    acts: {
      remove: async (visit) => {
        const body = { confirmation: textOf(visit.given, 'confirmation') };
        await removeAccount(visit, { params: visit.params, body });
        return { to: inConsole.root, notice: 'accountRemoved' };
      },
    },
  };
}

function renderAsk(visit: Visit, { effects, confirmation }: Exclude<Asked, AppError>, beside: Value) {
  const words = visit.texts.console.accounts;
  return html`<p>${words.removeText}</p>
<p class="warning">${words.removeEffects({ versions: words.removeVersions(effects.versions), rights: words.removeRights(effects.rights) })}</p>
${effects.mayBeLive.length > 0 && renderDoubt(visit, effects.mayBeLive)}
${renderForm(visit, { do: 'remove', button: words.removeButton, alarming: true, hidden: { confirmation }, beside })}`;
}

function renderDoubt({ texts, params }: Visit, versions: readonly number[]) {
  const words = texts.console.accounts;
  const listed = new Intl.ListFormat(texts.language, { type: 'disjunction' }).format(versions.map(String));
  return html`<p class="warning">${words.removeDoubt({ n: versions.length, versions: listed })}
<a href="${inConsole.root}/${params.id ?? ''}/versions">${words.removeReading}</a></p>`;
}
