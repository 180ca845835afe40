import { accountRotationPage } from '../admin/account-forms.ts';
import { AccountRotationState } from '../database/generated/client.ts';
import { html } from '../html.ts';
import { inConsole } from './account-place.ts';
import { renderAccountTabs } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderEmpty, renderPager, renderSelect } from './parts.ts';
import { renderRotations } from './rotation-parts.ts';
import { lookAgainAt } from './rotation-view.ts';
import type { Screen, Visit } from './screen.ts';

const path = '/admin/rotations';
const states = Object.values(AccountRotationState);

/** The changes of all passwords of the organisation. */
export function rotationScreen(use: Use): Screen {
  const listRotations = use('listRotations', accountRotationPage);
  return {
    path,
    id: 'showRotations',
    summary: 'The changes of the passwords of shared accounts',
    area: 'accounts',
    async show(visit) {
      const { texts, query } = visit;
      const words = texts.console.accounts;
      const { items, next } = await listRotations(visit, { query: askedOf(visit) });
      const isFiltered = Boolean(query.state || query.revocation);
      const again = lookAgainAt(items);
      return {
        title: words.rotation.list,
        body: html`<h1>${words.rotation.title}</h1>
${renderAccountTabs(texts, 'rotations')}
<p>${words.rotation.text}</p>
<form method="get" class="filters" role="search">
${renderSelect({
  name: 'state',
  label: words.state,
  value: query.state ?? '',
  options: [
    { value: '', label: words.rotation.anyState },
    ...states.map((value) => ({ value, label: words.rotation.states[value] })),
  ],
})}
${query.revocation && html`<input type="hidden" name="revocation" value="${query.revocation}">`}${query.together && html`<input type="hidden" name="together" value="${query.together}">`}
<p class="actions"><button class="quiet">${texts.console.filter}</button>${isFiltered && html`<a href="${path}">${texts.console.record.clear}</a>`}</p>
</form>
${query.revocation && html`<p class="about"><a href="/admin/revocations/${query.revocation}${query.together === 'true' && '/together'}">${words.rotation.ofSignOut}</a></p>`}
<div id="results"${again !== null && html` data-again="${again}"`} data-said="">${
          items.length > 0
            ? renderRotations(visit, items, { place: inConsole, withAccount: true })
            : renderEmpty(isFiltered ? words.rotation.noneFound : words.rotation.none)
        }${renderPager(visit, next)}</div>`,
      };
    },
  };
}

function askedOf({ query }: Visit): Record<string, string> {
  const names = ['state', 'revocation', 'together', 'cursor'] as const;
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
}
