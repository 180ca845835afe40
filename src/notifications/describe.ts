import type { Kind, OutboxAction } from './kinds.ts';

/** What a notification's text is made of. */
export type Told = Readonly<{
  kind: Kind;
  action: OutboxAction;
  actorType: string;
  targetType: string | null;
  count: number;
  parts: Parts;
}>;

/** Flat: names as they were at the time, and what the event's detail says. */
export type Parts = Readonly<Record<string, string | number | boolean | null>>;

/** One line of plain text. Names in it are other people's words: escape it for where it goes. */
export function describe(told: Told): string {
  const text = sentence(told);
  return told.count > 1 && told.kind !== 'refused_calls' ? `${text} (${told.count} times)` : text;
}

function sentence({ kind, action, actorType, targetType, count, parts }: Told): string {
  const actor = nameOfActor(actorType, parts);
  const target = named(parts.targetName) ?? 'somebody';
  if (action === 'access.revoked_for_everyone') return `${actor} signed everyone out`;
  if (action === 'idp_session.ended') return `${actor} ended an IdP session of ${target}`;
  if (action === 'user.deactivated') return `${actor} switched ${target} off and ended all of their access`;
  if (kind === 'revocation' && 'session' in parts) return `${actor} ended one session of ${target}`;
  if (kind === 'revocation' && 'grant' in parts) return `${actor} signed ${target} out of one app`;
  if (kind === 'revocation') return `${actor} ended the access of ${target}`;
  if (kind === 'refused_calls') return `${actor} was refused at the revocation endpoint ${count} times in a row`;
  if (kind === 'refused_sign_in')
    return targetType === 'user'
      ? `A sign-in as ${target} was refused: its identity provider may not decide whose that address is`
      : `A sign-in by the identity provider ${target} was refused: it may not speak for the address’s domain`;
  if (kind === 'api_key') return `${actor} made the API key ${target}`;
  if (kind === 'role_change')
    return `${actor} changed the role of ${target} from ${roleOf(parts.from)} to ${roleOf(parts.to)}`;
  return targetType === 'webhook'
    ? `Messages to the webhook at ${target} could not be delivered`
    : `E-mail to ${target} could not be delivered`;
}

const unnamedActors: Readonly<Record<string, string>> = {
  api_key: 'An API key',
  connection: 'An identity provider',
  operator: 'The operator',
  system: 'The system',
};

function nameOfActor(type: string, parts: Parts): string {
  const name = named(parts.actorName);
  if (name && type === 'api_key') return `The API key ${name}`;
  if (name && type === 'connection') return `The identity provider ${name}`;
  if (!name && typeof parts.network === 'string') return `Somebody at ${parts.network}`;
  return name ?? unnamedActors[type] ?? 'Somebody';
}

function named(value: Parts[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function roleOf(value: Parts[string] | undefined): string {
  return named(value)?.replaceAll('_', ' ') ?? 'an unknown one';
}
