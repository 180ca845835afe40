import type { Request } from 'express';
import type { Provider } from 'oidc-provider';

/** One of our issuers: the product's own for its apps, or an org's for the web apps behind it. */
export type Issuer = Readonly<{
  /** Undefined: the product's own. */
  orgId: string | undefined;
  provider: Provider;
  /** The path that its endpoints stand under. */
  base: string;
  nameOf: (clientId: string) => string;
  /** The part of the asked scope that the client may have. */
  scopeOf: (clientId: string, asked: string) => string;
}>;

/** @throws AppError not_found where there is none */
export type IssuerOf = (req: Request) => Promise<Issuer>;
