import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { errors, type Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import { byPerson } from '../by.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { letFormsLeadTo } from '../http/security-headers.ts';
import { isSameSecret } from '../keyring.ts';
import type { Looks } from '../orgs/looks.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import type { Texts } from '../texts/texts.ts';
import { renderApprove } from '../web/approve-page.ts';
import { renderMessage } from '../web/message-page.ts';
import { sendPage } from '../web/send-page.ts';
import { approve } from './approve.ts';
import { leadsToAnyApp } from './clients.ts';
import { idHash } from './id-hash.ts';
import type { Issuer, IssuerOf } from './issuer.ts';
import { type Interaction, signInUrl } from './sign-in-url.ts';
import { findToken } from './stored-tokens.ts';

type Deps = Readonly<{
  config: Config;
  pool: Pool;
  issuerOf: IssuerOf;
  lookOrNone: Looks['lookOrNone'];
}>;

/**
 * `/oauth/interaction/:uid`, of the product's own issuer or of an org's: a browser is sent here for
 * each request of an app. With a live session of the browser the request is approved, and the browser
 * goes back; without one it goes through the sign-in first. Where the way back may lead to another app than
 * the named one, a page asks, and only its button, a POST, approves: else a link on any page would
 * do. The library's cookie ties the interaction to the browser that began it.
 */
export function createInteraction(deps: Deps): {
  enter: RequestHandler<{ uid: string }>;
  confirm: RequestHandler<{ uid: string }>;
} {
  /** The interaction, if it is this browser's. */
  async function load(
    req: Request<{ uid: string }>,
    res: Response,
  ): Promise<{ issuer: Issuer; interaction: Interaction }> {
    res.set('Cache-Control', 'no-store');
    const issuer = await deps.issuerOf(req);
    const { provider } = issuer;
    const interaction = await loadInteraction(provider, req, res);
    const isOurs = interaction.uid === req.params.uid;
    if (!isOurs || !(await isSameBrowser(deps.pool, provider, interaction, req, res))) throw tooLate();
    return { issuer, interaction };
  }

  const approveAs = (issuer: Issuer, person: Principal, { uid, params }: Interaction, req: Request<{ uid: string }>) =>
    approve(deps.pool, deps.config, {
      person,
      orgId: issuer.orgId,
      interactionId: uid,
      clientId: String(params.client_id),
      scope: scopeOf(issuer, params),
      userAgent: req.get('user-agent') ?? null,
      by: byPerson(req, person),
    });

  async function ask(issuer: Issuer, res: Response, person: Principal, { uid, params }: Interaction): Promise<void> {
    const clientId = String(params.client_id);
    letFormLeadTo(res, String(params.redirect_uri));
    const page = {
      person,
      clientName: issuer.nameOf(clientId),
      lasting: scopeOf(issuer, params).split(' ').includes('offline_access'),
      action: pathOf(issuer, uid),
      seal: sealsOf(deps.config, uid, person)[0] as string,
      look: await deps.lookOrNone(person.orgSlug),
    };
    sendPage(res, 200, (texts) => renderApprove(texts, page));
  }

  const enter: RequestHandler<{ uid: string }> = async (req, res) => {
    const { issuer, interaction } = await load(req, res);
    // The request was approved before: coming back a second time makes no second grant.
    if (interaction.result) return res.redirect(303, interaction.returnTo);

    const person = principalOf(req);
    const signIn = await signInUrl(deps.pool, issuer, interaction, person);
    // After a form, our headers let a browser go nowhere but here: it has to follow a link.
    if (signIn !== null && person && interaction.deviceCode)
      return askToSignIn(res, signIn, ({ recentSignIn }) => recentSignIn);
    if (signIn !== null || !person) return res.redirect(303, signIn ?? '/');
    if (leadsToAnyApp(interaction.params.redirect_uri)) return ask(issuer, res, person, interaction);

    const approved = await approveAs(issuer, person, interaction, req);
    // A revocation, or the same page in another tab, was faster: the interaction is read anew.
    res.redirect(303, approved ? interaction.returnTo : pathOf(issuer, interaction.uid));
  };

  const confirm: RequestHandler<{ uid: string }> = async (req, res) => {
    const { issuer, interaction } = await load(req, res);
    if (interaction.result) return res.redirect(303, interaction.returnTo);
    const person = principalOf(req);
    if (!person || (await signInUrl(deps.pool, issuer, interaction, person)) !== null)
      return startOver(issuer, res, interaction);
    const { seal } = (req.body ?? {}) as { seal?: unknown };
    // The person who is signed in by now hasn't seen the page.
    if (
      !sealsOf(deps.config, interaction.uid, person).some(
        (expected) => typeof seal === 'string' && isSameSecret(expected, seal),
      )
    )
      return ask(issuer, res, person, interaction);

    if (await approveAs(issuer, person, interaction, req)) return res.redirect(303, interaction.returnTo);
    const { interaction: now } = await load(req, res);
    if (now.result) return res.redirect(303, now.returnTo);
    startOver(issuer, res, now);
  };

  return { enter, confirm };
}

/** After a form a browser can't go on to an identity provider, only by a link. */
function startOver(issuer: Issuer, res: Response, { uid }: Interaction): void {
  askToSignIn(res, pathOf(issuer, uid), ({ endedMeanwhile }) => endedMeanwhile);
}

function askToSignIn(res: Response, href: string, why: (words: Texts['apps']) => string): void {
  sendPage(res, 200, (texts) => {
    const { signInAgain } = texts.apps;
    const actions = [{ label: signInAgain, href }];
    return renderMessage(texts, { title: signInAgain, text: why(texts.apps), actions });
  });
}

const pathOf = ({ base }: Issuer, uid: string) => `${base}/oauth/interaction/${uid}`;

const scopeOf = (issuer: Issuer, { client_id: clientId, scope }: Interaction['params']) =>
  issuer.scopeOf(String(clientId), String(scope));

/** The seals that only a page for this session and interaction holds, one by each valid secret. */
function sealsOf({ sessionSecrets }: Pick<Config, 'sessionSecrets'>, uid: string, { orgId, credential }: Principal) {
  const seen = ['approve', uid, orgId, credential.id].join(' ');
  return sessionSecrets.map((secret) => createHmac('sha256', secret).update(seen).digest('base64url'));
}

/** Lets the page's form lead to the app's address, of which only the port is the app's choice. */
function letFormLeadTo(res: Response, redirectUri: string): void {
  const { protocol, host, hostname } = new URL(redirectUri);
  // A policy can name no IPv6 address, and an app's own scheme has no host: the scheme has to do.
  letFormsLeadTo(res, protocol === 'http:' && !hostname.startsWith('[') ? `http://${host}` : protocol);
}

async function loadInteraction(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<Interaction> {
  try {
    return await provider.interactionDetails(req, res);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) throw tooLate(error);
    throw error;
  }
}

/**
 * The interaction's cookie has a path, so it can't be `__Host-`: another host of our domain could
 * plant it, together with a device's code that somebody else has confirmed. The library's session
 * cookie can't be planted, and the two must match. An app of the code flow is protected by its own
 * `state` and PKCE.
 */
async function isSameBrowser(
  pool: Pool,
  provider: Provider,
  { uid, deviceCode }: Interaction,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<boolean> {
  if (!deviceCode) return true;
  const [begun, session] = await Promise.all([
    findToken(pool, 'Interaction', idHash(undefined, uid)),
    provider.Session.get(provider.createContext(req, res)),
  ]);
  return begun?.begunIn !== undefined && begun.begunIn === session.uid;
}

function tooLate(cause?: unknown): AppError {
  const detail =
    'This sign-in for an app has expired, was completed, or was begun in another browser. Go back to the app and start again.';
  return new AppError('invalid_request', detail, { cause });
}
