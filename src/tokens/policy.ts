import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { leadsToAnyApp } from './clients.ts';

const { Check, Prompt } = interactionPolicy;

/**
 * Every authorization request goes through an interaction of its own: it counts as approved by that
 * one's result alone, and only while the grant which that made is alive. What the library's session
 * remembers proves nothing. `prompt=none` thus always hears login_required, or interaction_required
 * where the person is always asked: an app renews with its refresh token.
 */
export const policy = [
  new Prompt(
    { name: 'login', requestable: true },
    // The first that fails names the error.
    new Check('not_confirmed', 'the person has to say yes to this very request', 'interaction_required', (ctx) => {
      return leadsToAnyApp(ctx.oidc.params?.redirect_uri) && !isApproved(ctx);
    }),
    new Check('not_approved', 'the person has to sign in for this very request', 'login_required', (ctx) => {
      return !isApproved(ctx);
    }),
  ),
  // There is no page that asks for consent, the apps being the product's own; the name is what
  // `offline_access` asks for.
  new Prompt({ name: 'consent', requestable: true }),
];

function isApproved({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.result?.login !== undefined && oidc.entities.Grant?.jti !== undefined;
}
