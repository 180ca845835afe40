import { eventTypes } from '../downstream/app-settings.ts';
import type { ShownApp, Way } from './app-view.ts';
import type { Values } from './changed-fields.ts';
import { filled, type Given, textOf, textsOf } from './screen.ts';

/** Where the app's own id comes from stands beside the naming, in one choice. */
export const namings = ['email', 'iss_sub', 'org_sub', 'id', 'id:externalId', 'id:userName'] as const;

/** Fields that are lists, with what stands between their texts here. */
const lists: Readonly<Record<string, string>> = {
  redirectUris: '\n',
  postLogoutRedirectUris: '\n',
  groups: ' ',
  events: ' ',
};

/** Ids and names whose order means nothing: a form has them in its own order. */
const isSet = (field: string) => field === 'groups' || field === 'events';

const told = ['naming', 'who', 'groups'] as const;
/** The fields of each way, with the member of the settings that each belongs to. */
const fields: Readonly<Record<Way, readonly string[]>> = {
  'signed-jwt': ['endpoint', 'clientId', 'audience', ...told, 'member'],
  bearer: ['endpoint', ...told, 'member'],
  oauth: ['endpoint', 'tokenEndpoint', 'clientAuth', 'clientId', 'scope', ...told, 'member'],
  oidc: [
    'redirectUris',
    'postLogoutRedirectUris',
    'backchannelLogoutUri',
    'frontchannelLogoutUri',
    'tellExpired',
    'auth',
    'jwksUri',
  ],
  ssf: ['audience', 'events', ...told, 'connection'],
};

export const fieldsOf = (way: Way): readonly string[] => ['name', ...fields[way]];

/** The member of the settings that a field is a part of. */
function membersOf(way: Way, field: string): readonly string[] {
  if (field === 'who' || field === 'groups') return ['concerns'];
  if (field === 'naming') return way === 'ssf' ? ['naming'] : ['naming', 'attribute'];
  const isOfAuth = way !== 'oidc' && way !== 'ssf' && !['endpoint', 'member'].includes(field);
  return [isOfAuth ? 'auth' : field];
}

type Settings = Readonly<Record<string, unknown>>;

/** An app as texts, so that what was shown can be compared with what is. */
export function valuesOf(way: Way, { name, settings }: Pick<ShownApp, 'name' | 'settings'>): Values {
  const { naming, attribute, concerns, auth } = settings as Settings & {
    concerns?: { who: string; groups?: string[] };
    auth?: Settings | string;
  };
  const flat: Settings = {
    ...settings,
    ...(typeof auth === 'object' ? auth : {}),
    name,
    naming: naming === 'id' && attribute ? `id:${attribute}` : naming,
    who: concerns?.who,
    groups: concerns?.groups ?? [],
  };
  return Object.fromEntries(fieldsOf(way).map((field) => [field, asText(field, flat[field])]));
}

function asText(field: string, value: unknown): string {
  if (Array.isArray(value)) return (isSet(field) ? value.toSorted() : value).join(lists[field] ?? ' ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : '';
}

/** What was typed, in the same form. */
export function typedIn(way: Way, given: Given): Values {
  const read = (field: string): string => {
    if (isSet(field)) return textsOf(given, field).toSorted().join(' ');
    return field in lists ? linesIn(textOf(given, field)).join('\n') : textOf(given, field);
  };
  return Object.fromEntries(fieldsOf(way).map((field) => [field, read(field)]));
}

const linesIn = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const wordsIn = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** The settings that these texts say. */
export function settingsOf(way: Way, values: Values): Settings {
  const text = (name: string) => values[name] ?? '';
  const orNull = (name: string) => text(name) || null;
  const [naming, attribute = null] = text('naming').split(':');
  const who = text('who');
  const shared = {
    naming,
    ...(way === 'ssf' ? {} : { attribute }),
    concerns: who === 'groups' ? { who, groups: wordsIn(text('groups')) } : { who },
  };
  const endpoint = { ...shared, endpoint: text('endpoint'), member: text('member') };
  switch (way) {
    case 'signed-jwt':
      return { ...endpoint, auth: { method: 'signed_jwt', audience: orNull('audience'), clientId: text('clientId') } };
    case 'bearer':
      return { ...endpoint, auth: { method: 'bearer' } };
    case 'oauth': {
      const [tokenEndpoint, clientId, clientAuth, scope] = ['tokenEndpoint', 'clientId', 'clientAuth', 'scope'].map(
        text,
      );
      return { ...endpoint, auth: { method: 'oauth', tokenEndpoint, clientId, clientAuth, scope } };
    }
    case 'oidc':
      return {
        redirectUris: linesIn(text('redirectUris')),
        postLogoutRedirectUris: linesIn(text('postLogoutRedirectUris')),
        backchannelLogoutUri: orNull('backchannelLogoutUri'),
        frontchannelLogoutUri: orNull('frontchannelLogoutUri'),
        tellExpired: text('tellExpired') === 'yes',
        auth: text('auth'),
        jwksUri: orNull('jwksUri'),
      };
    case 'ssf':
      return {
        ...shared,
        audience: text('audience'),
        events: wordsIn(text('events')),
        connection: orNull('connection'),
      };
  }
}

/** The members of the settings that hold these fields, as `values` says them. */
export function settingsWith(way: Way, changed: readonly string[], values: Values): Settings {
  const settings = settingsOf(way, values);
  const members = changed.filter((field) => field !== 'name').flatMap((field) => membersOf(way, field));
  return Object.fromEntries(members.map((member) => [member, settings[member]]));
}

/** What we are to show the app, where the form's choices ask for something. */
export function credentialIn(way: Way, given: Given): Readonly<{ credential?: string }> {
  const isAsked = way === 'bearer' || (way === 'oauth' && textOf(given, 'clientAuth') !== 'private_key_jwt');
  const credential = isAsked ? filled(given, 'credential') : undefined;
  return credential === undefined ? {} : { credential };
}

/** What a form for a new app holds at first. */
export const startValues: Values = {
  naming: 'email',
  who: 'everyone',
  member: 'sub_id',
  clientAuth: 'private_key_jwt',
  scope: 'okta.universalLogout.manage',
  auth: 'client_secret_basic',
  tellExpired: 'no',
  events: eventTypes.join(' '),
};
