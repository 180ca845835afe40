import { interactionPolicy } from 'oidc-provider';

const { Check, Prompt } = interactionPolicy;

/**
 * Every authorization request goes through an interaction of its own: it counts as approved by that one's result alone, and
 * only while the grant which that made is alive. What the library's session remembers proves nothing. `prompt=none` thus
 * always hears login_required: an app renews with its refresh token.
 */
export const policy = [
  new Prompt(
    { name: 'login', requestable: true },
    new Check('not_approved', 'the person has to sign in for this very request', 'login_required', ({ oidc }) => {
      return oidc.result?.login === undefined || oidc.entities.Grant?.jti === undefined;
    }),
  ),
  // There is no page that asks for consent, the apps being the product's own; the name is what `offline_access` asks for.
  new Prompt({ name: 'consent', requestable: true }),
];
