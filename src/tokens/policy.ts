import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { leadsToAnyApp } from './clients.ts';

const { Check, Prompt } = interactionPolicy;

/**
 * Every authorization request goes through an interaction of its own: only the interaction's result
 * approves it, and only while the grant that the result made is alive. The library's session proves
 * nothing. So `prompt=none` always hears login_required, or interaction_required where the person
 * is always asked: an app renews with its refresh token.
 */
export const policy = [
  new Prompt(
    { name: 'login', requestable: true },
    // The first check that fails names the error.
    new Check('not_confirmed', 'the person has to say yes to this very request', 'interaction_required', (ctx) => {
      return leadsToAnyApp(ctx.oidc.params?.redirect_uri) && !isApproved(ctx);
    }),
    new Check('not_approved', 'the person has to sign in for this very request', 'login_required', (ctx) => {
      return !isApproved(ctx);
    }),
  ),
  // No page asks for consent, the apps being the product's own; `offline_access` asks for the name.
  new Prompt({ name: 'consent', requestable: true }),
];

function isApproved({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.result?.login !== undefined && oidc.entities.Grant?.jti !== undefined;
}
