import type { Config } from '../config.ts';
import { type Html, html } from '../html.ts';
import { orgIssuer } from '../signing/org-keys.ts';
import { paths } from '../tokens/provider.ts';
import { type ShownApp, wayOf } from './app-view.ts';
import { renderCopyable } from './parts.ts';
import type { Visit } from './screen.ts';

/** What the app has to be told of us: each to be copied. */
export function renderEntries(
  { texts, principal }: Visit,
  { publicUrl }: Pick<Config, 'publicUrl'>,
  app: ShownApp,
): Html | null {
  const words = texts.console.apps;
  const way = wayOf(app);
  if (way === 'bearer') return null;
  const issuer = orgIssuer({ publicUrl }, principal.orgId);
  const { audience } = (typeof app.settings.auth === 'object' ? app.settings.auth : {}) as { audience?: string | null };
  const entries = {
    'signed-jwt': [
      [words.issuer, issuer],
      [words.keys, issuer + paths.jwks],
      [words.audience, audience ?? String(app.settings.endpoint)],
    ],
    oauth: [[words.keys, issuer + paths.jwks]],
    oidc: [
      [words.issuer, issuer],
      [words.clientId, app.id],
      [words.metadata, `${issuer}/.well-known/openid-configuration`],
    ],
    ssf: [
      [words.issuer, issuer],
      [words.clientId, app.id],
      [words.metadata, `${publicUrl}/.well-known/ssf-configuration/orgs/${principal.orgId}`],
    ],
  } as const;
  return html`<dl class="facts once">${entries[way].map(
    ([label, value]) => html`<div><dt>${label}</dt><dd>${renderCopyable(texts, value, label)}</dd></div>`,
  )}</dl>`;
}
