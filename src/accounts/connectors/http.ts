import type { z } from 'zod';
import { type AccountAnswer, accountFetch } from './account-fetch.ts';
import type { CheckedAddress, Connector, SetOutcome, Target, VerifyOutcome } from './connector.ts';
import type { ConnectorError } from './errors.ts';
import { fillRequest, isAnswer, type Request, recipe, type verifying } from './recipe.ts';
import { MissingValueError, UnfitValueError, type Values, valuesOf } from './templates.ts';

type Settings = z.output<typeof recipe>;
type Verifying = z.output<typeof verifying>;
type Way = Readonly<{ ca: string | undefined; signal: AbortSignal }>;

/** Any system with a call that changes a password: a recipe of templates, and nothing that runs. */
export function createHttp(reach: CheckedAddress): Connector<Settings> {
  async function set(
    { userName, settings, admin }: Target<Settings>,
    { password, old }: Readonly<{ password: string; old: string | null }>,
    signal: AbortSignal,
  ): Promise<SetOutcome> {
    const values = valuesOf({ user: userName, password, old, admin });
    const answer = await send(reach, settings, values, { ca: settings.ca, signal });
    if ('unfit' in answer) return answer.unfit;
    if (answer.status === null) return { result: answer.sent ? 'unknown' : 'unavailable', error: answer.error };
    if (settings.rejected && isAnswer(settings.rejected, answer))
      return { result: 'rejected', error: 'password_rules' };
    if (isAnswer(settings.denied, answer)) return { result: 'denied', error: 'wrong_administrator' };
    return isAnswer(settings.accepted, answer) ? { result: 'set' } : { result: 'unknown', error: 'unexpected_answer' };
  }

  return {
    kind: 'http',
    needsAdmin: false,
    settings: recipe,
    set,
    verify: ({ userName, settings }, password, signal) =>
      verifyByRequest(reach, settings.verify, { userName, password }, { ca: settings.ca, signal }),
  };
}

/** Tries a password by a verifying request; without one nothing is proven. */
export async function verifyByRequest(
  reach: CheckedAddress,
  verify: Verifying | null,
  { userName, password }: Readonly<{ userName: string; password: string }>,
  way: Way,
): Promise<VerifyOutcome> {
  if (!verify) return { result: 'unproven', error: 'no_verification' };
  const values = valuesOf({ user: userName, password, old: null, admin: null });
  const answer = await send(reach, verify, values, way);
  if ('unfit' in answer) return { result: 'unproven', error: answer.unfit.error };
  if (answer.status === null) return { result: 'unavailable', error: answer.error };
  const [accepted, refused] = [isAnswer(verify.accepted, answer), isAnswer(verify.refused, answer)];
  if (accepted === refused) return { result: 'unavailable', error: 'unexpected_answer' };
  return { result: accepted ? 'accepted' : 'refused' };
}

type Unfit = Readonly<{
  unfit: Readonly<{ result: Exclude<SetOutcome['result'], 'set' | 'unknown'>; error: ConnectorError }>;
}>;

async function send(reach: CheckedAddress, request: Request, values: Values, way: Way): Promise<AccountAnswer | Unfit> {
  try {
    return await accountFetch(reach, fillRequest(request, values), way);
  } catch (error) {
    if (error instanceof UnfitValueError)
      // No other password helps a user name.
      return { unfit: { result: error.word === 'user_name' ? 'unavailable' : 'rejected', error: error.word } };
    if (!(error instanceof MissingValueError)) throw error;
    const missing = error.placeholder.includes('old') ? 'no_old_password' : 'no_administrator';
    return { unfit: { result: 'denied', error: missing } };
  }
}
