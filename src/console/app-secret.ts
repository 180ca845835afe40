import type { Config } from '../config.ts';
import { html } from '../html.ts';
import { renderEntries } from './app-entries.ts';
import { type ShownApp, trailOfApps, wayOf } from './app-view.ts';
import { renderCopyable } from './parts.ts';
import type { View, Visit } from './screen.ts';

/** An app's client secret, this once, with what else has to be entered there. */
export function viewOfAppSecret(
  visit: Visit,
  config: Pick<Config, 'publicUrl'>,
  app: ShownApp & Readonly<{ clientSecret: string | null }>,
  why: 'added' | 'newSecret',
): View {
  const { texts } = visit;
  const words = texts.console.apps;
  const page = `/admin/apps/${app.id}`;
  return {
    title: words.secretTitle,
    trail: trailOfApps(texts, app),
    body: html`<div class="narrow"><h1>${why === 'added' ? words.addedHeading(app) : words.newSecretHeading}</h1>
<p>${words.onlyNow}</p>
<dl class="facts once"><div><dt>${words.clientSecret}</dt><dd id="client-secret">${renderCopyable(texts, app.clientSecret ?? '', words.clientSecret)}</dd></div></dl>
<h2>${words.enter}</h2>
${renderEntries(visit, config, app)}
<p>${words.enterText[wayOf(app)]}</p>
<p class="actions"><a class="button" href="${page}">${words.done}</a></p></div>`,
  };
}
