import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { clientNames } from './clients.ts';

type Form = Record<string, unknown>;
type Headers = KoaContextWithOIDC['headers'];

/**
 * Many OAuth libraries name a client by HTTP Basic with an empty secret (RFC 6749 §2.3.1). That
 * proves nothing, and no app of ours has a secret: it is the same as `client_id` in the form. The
 * library would refuse it; its context is the one place where a form passes before that.
 */
export function takeClientByBasic(provider: Provider): void {
  class Context extends provider.OIDCContext {
    constructor(ctx: KoaContextWithOIDC) {
      super(ctx);
      let form: Form | undefined;
      Object.defineProperty(this, 'body', {
        get: () => form,
        set: (given: Form) => {
          form = withClient(ctx.headers, given);
        },
      });
    }
  }
  Object.defineProperty(provider, 'OIDCContext', { value: Context });
}

/** The form with the client of the header, which is taken away: the library would look at it too. */
function withClient(headers: Headers, form: Form): Form {
  const clientId = publicClient(headers.authorization);
  if (!clientId || (form.client_id ?? clientId) !== clientId) return form;
  delete headers.authorization;
  return { ...form, client_id: clientId };
}

/** The app that the header names with an empty secret; null for all other headers. */
function publicClient(authorization = ''): string | null {
  const [, encoded] = /^Basic ([\w+/=]+)$/i.exec(authorization) ?? [];
  const named = Buffer.from(encoded ?? '', 'base64').toString();
  const clientId = formDecoded(named.slice(0, -1));
  return named.endsWith(':') && clientNames.has(clientId) ? clientId : null;
}

/** RFC 6749 §2.3.1 has the name encoded like a form's value. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
