import { z } from 'zod';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import type { Config } from '../config.ts';
import type { Org, Prisma } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import { deviceKinds } from '../sessions/principal.ts';
import { actionOf, type EventAction, eventActions, knownEventNames, knownEvents } from './event-actions.ts';
import { initiators, mergeRotateAfter, type RotateAfter, rotateAfterOf } from './rotate-after.ts';

/** The deployment's lifetimes in seconds: an org's are never above them. */
export type Lifetimes = Readonly<
  Pick<Config, 'sessionIdleSeconds' | 'sessionAbsoluteSeconds' | 'grantIdleSeconds' | 'grantAbsoluteSeconds'>
>;

export type EventActions = Readonly<Record<string, EventAction>>;

export const policyUnits = ['seconds', 'days', 'characters', 'sessions', 'apps'] as const;
type PolicyUnit = (typeof policyUnits)[number];

/** How a policy is shown to those who may change it. */
export type PolicyView = Readonly<{
  name: string;
  description: string;
  value: boolean | number | string | null | EventActions | RotateAfter;
  default: boolean | number | null | EventActions | RotateAfter;
  /** What each value does, where there are few. */
  choices: readonly Readonly<{ value: boolean | string | null; does: string }>[];
  bounds: Readonly<{ min: number; max: number; unit: PolicyUnit }> | null;
}>;

const year = 365 * 24 * 3600;

const bounds = {
  sessionIdleSeconds: { min: 300, unit: 'seconds' },
  sessionAbsoluteSeconds: { min: 300, unit: 'seconds' },
  grantIdleSeconds: { min: 600, unit: 'seconds' },
  grantAbsoluteSeconds: { min: 600, unit: 'seconds' },
  adminReauthenticationSeconds: { min: 60, max: year, unit: 'seconds' },
  refreshGraceSeconds: { min: 0, max: 60, unit: 'seconds' },
  auditRetentionDays: { min: 30, max: 36_500, unit: 'days' },
  helpText: { min: 1, max: 300, unit: 'characters' },
  maxSessions: { min: 1, max: 1_000, unit: 'sessions' },
  maxGrants: { min: 1, max: 1_000, unit: 'apps' },
} as const;

const number = ({ min, max }: { min: number; max: number }) => z.number().int().min(min).max(max);

/**
 * Plain text of a few lines, shown to people as it is. Characters that are invisible or turn the
 * text's direction are refused, as in `line` (src/admin/forms.ts).
 */
const helpText = z
  .string()
  .overwrite((text) => text.replaceAll(/\r\n?/g, '\n'))
  .trim()
  .min(bounds.helpText.min)
  .max(bounds.helpText.max)
  .regex(
    /^(?:[\n\u200c\u200d]|[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}])*$/u,
    'must be plain text; line breaks are its only control characters',
  );

/** The form of a change: null restores the default, a policy that isn't named stays. */
export function policyChangesForm(limits: Lifetimes) {
  const lifetime = (name: keyof Lifetimes) => number({ ...bounds[name], max: limits[name] }).nullable();
  const action = z.enum(eventActions).nullable();
  return z
    .strictObject({
      globalLogout: z.boolean(),
      sessionIdleSeconds: lifetime('sessionIdleSeconds'),
      sessionAbsoluteSeconds: lifetime('sessionAbsoluteSeconds'),
      grantIdleSeconds: lifetime('grantIdleSeconds'),
      grantAbsoluteSeconds: lifetime('grantAbsoluteSeconds'),
      refreshGraceSeconds: number(bounds.refreshGraceSeconds),
      maxSessions: number(bounds.maxSessions),
      maxGrants: number(bounds.maxGrants),
      adminReauthenticationSeconds: number(bounds.adminReauthenticationSeconds),
      apiKeyCallers: z.boolean(),
      jwtCallers: z.boolean(),
      createUsers: z.boolean(),
      eventActions: z.strictObject(Object.fromEntries(knownEventNames.map((name) => [name, action.optional()]))),
      rotateAfter: z.strictObject(
        Object.fromEntries(initiators.map((name) => [name, z.boolean().nullable().optional()])),
      ),
      auditRetentionDays: number(bounds.auditRetentionDays).nullable(),
      helpText: helpText.nullable(),
      keepNamesOfRemoved: z.boolean(),
    })
    .partial();
}

export type PolicyChanges = z.output<ReturnType<typeof policyChangesForm>>;

/** The org's policies, with what each choice does. */
export function describePolicies(org: Org, limits: Lifetimes): PolicyView[] {
  const onOff = (name: keyof typeof switches, words: Switch): PolicyView => ({
    name,
    description: words.description,
    value: org[name],
    default: words.default,
    bounds: null,
    choices: [
      { value: true, does: words.on },
      { value: false, does: words.off },
    ],
  });
  const lifetime = (name: keyof Lifetimes, description: string): PolicyView => ({
    name,
    description: `${description} ${shortening}`,
    value: org[name],
    default: limits[name],
    choices: [{ value: null, does: `The deployment's own counts: ${limits[name]} seconds.` }],
    bounds: { ...bounds[name], max: limits[name] },
  });
  const most = (name: 'maxSessions' | 'maxGrants', description: string): PolicyView => ({
    name,
    description: `${description} A newer one ends the oldest, whose browser or app says why. A smaller number counts from the next one on.`,
    value: org[name],
    default: 100,
    choices: [],
    bounds: bounds[name],
  });
  return [
    onOff('globalLogout', switches.globalLogout),
    lifetime('sessionIdleSeconds', "Seconds without a request after which a browser's session expires."),
    lifetime(
      'sessionAbsoluteSeconds',
      "Seconds from the sign-in after which a browser's session expires, used or not.",
    ),
    lifetime('grantIdleSeconds', "Seconds without use after which an app's sign-in expires."),
    lifetime('grantAbsoluteSeconds', "Seconds from its approval after which an app's sign-in expires, used or not."),
    most('maxSessions', 'Live sessions of browsers that a person may have.'),
    most('maxGrants', 'Apps that a person may be signed in with.'),
    {
      name: 'refreshGraceSeconds',
      description:
        'Seconds after the first use of an app’s refresh token in which the app may use it again, as two tabs do at once, or an app that lost the answer: three times in all, and not once a successor was used. A use beyond that ends the app’s sign-in. 0 takes each refresh token once.',
      value: org.refreshGraceSeconds,
      default: 10,
      choices: [],
      bounds: bounds.refreshGraceSeconds,
    },
    {
      name: 'adminReauthenticationSeconds',
      description:
        'Seconds since an administrator last authenticated at the identity provider, at most, to change something here. After that the answer is 401 reauthentication_required, until they have authenticated again.',
      value: org.adminReauthenticationSeconds,
      default: 3600,
      choices: [],
      bounds: bounds.adminReauthenticationSeconds,
    },
    onOff('apiKeyCallers', switches.apiKeyCallers),
    onOff('jwtCallers', switches.jwtCallers),
    onOff('createUsers', switches.createUsers),
    {
      name: 'eventActions',
      description: 'What each security event of an identity provider (CAEP, RISC) does to the person it is about.',
      value: actionsOf(org.eventActions),
      default: actionsOf({}),
      choices: [
        { value: 'revoke', does: 'Ends all of the person’s sessions and apps. They may sign in again.' },
        {
          value: 'revoke_and_deactivate',
          does: 'Also switches the person off: nobody signs in until switched on again.',
        },
        { value: 'record', does: 'Nothing but the entry in the record.' },
      ],
      bounds: null,
    },
    {
      name: 'rotateAfter',
      description:
        'Whose ending of a person’s access changes the passwords of the shared accounts that the person may use. A right to an account that is taken away changes its password in any case.',
      value: rotateAfterOf(org.rotateAfter),
      default: rotateAfterOf(),
      choices: [
        { value: true, does: 'Each such account gets a new password, first those that the person has read.' },
        { value: false, does: 'The passwords stay as they are.' },
      ],
      bounds: null,
    },
    {
      name: 'auditRetentionDays',
      description: 'Days that the record is kept. What is older is removed, and cannot be had back.',
      value: org.auditRetentionDays,
      default: null,
      choices: [{ value: null, does: 'The record is kept for ever.' }],
      bounds: bounds.auditRetentionDays,
    },
    {
      name: 'helpText',
      description:
        'Whom people turn to, in your own words, such as the address of your help desk. Whoever is signed out by the organisation, or refused after they have signed in at the identity provider, reads it as plain text, line breaks included.',
      value: org.helpText,
      default: null,
      choices: [{ value: null, does: 'People read no such text.' }],
      bounds: bounds.helpText,
    },
    onOff('keepNamesOfRemoved', switches.keepNamesOfRemoved),
  ];
}

const shortening =
  'A shorter one ends what is older at its next request; a longer one brings nothing back, and counts for sign-ins from then on.';

type Switch = Readonly<{ description: string; default: boolean; on: string; off: string }>;

const bothOff =
  'With API keys and signed JWTs both off, nobody can call the endpoint; administrators, provisioning and the identity provider’s other signals still end access.';

const switches = {
  globalLogout: {
    description:
      'What signing out of one browser or app does to the person’s other ones. An app that only gives its tokens back (RFC 7009) ends its own sign-in alone.',
    default: false,
    on: 'Signing out ends all sessions and all apps of that person, on every device, at once.',
    off: 'Signing out ends only the session or the app that it was done in.',
  },
  apiKeyCallers: {
    description: 'Whether API keys may call the revocation endpoint.',
    default: true,
    on: 'A current API key with the scope "revoke" may end access.',
    off: `API keys are refused with caller_not_allowed. ${bothOff}`,
  },
  jwtCallers: {
    description: 'Whether JWTs that an identity provider signs may call the revocation endpoint.',
    default: true,
    on: 'The identity provider of a proven connection may end access.',
    off: `Signed JWTs are refused with caller_not_allowed. ${bothOff}`,
  },
  createUsers: {
    description: 'What a first sign-in of somebody who is not known yet does.',
    default: true,
    on: 'It creates the person, as a member.',
    off: 'It is refused: people are added by provisioning or the operator.',
  },
  keepNamesOfRemoved: {
    description:
      'What the record says of somebody whom provisioning removes from then on. Their events stay either way; an owner may erase a person’s names at any time.',
    default: false,
    on: 'Their names, addresses and the reasons given stay as long as the events: an audit can tell who left.',
    off: 'These are erased with them; only the id is left.',
  },
} as const satisfies Record<string, Switch>;

function actionsOf(setting: unknown): EventActions {
  return Object.fromEntries(knownEventNames.map((event) => [event, actionOf(event, setting)]));
}

/**
 * Changes the policies that differ, in the caller's transaction, with an audit event for each. The
 * org's row lock keeps two changes at once from losing one. `changes` has passed
 * `policyChangesForm`.
 * @throws AppError not_found; invalid_request when an idle time would be above its absolute
 * lifetime
 */
export async function changePolicies(
  db: Prisma.TransactionClient,
  orgId: string,
  { eventActions: actions, rotateAfter, ...plain }: PolicyChanges,
  by: By,
): Promise<Org> {
  await db.$queryRaw`SELECT id FROM orgs WHERE id = ${orgId} FOR NO KEY UPDATE`;
  const before = await db.org.findUnique({ where: { id: orgId } });
  if (!before) throw new AppError('not_found', 'There is no such organisation.');
  const entries = Object.entries(plain) as [keyof typeof plain, boolean | number | string | null][];
  const changed = entries.filter(([name, value]) => value !== undefined && value !== before[name]);
  const data: Prisma.OrgUpdateInput = Object.fromEntries(changed);
  refuseLongerIdle({ ...before, ...Object.fromEntries(changed) });
  if (actions) data.eventActions = mergeActions(before.eventActions, actions);
  const rotations = mergeRotateAfter(before.rotateAfter, rotateAfter ?? {});
  if (rotateAfter) data.rotateAfter = rotations;
  const events = [
    ...changed.map(([name, value]) => ({ policy: name as string, before: before[name], after: value })),
    ...knownEventNames
      .map((event) => ({
        policy: `eventActions.${event}`,
        before: actionOf(event, before.eventActions),
        after: actionOf(event, data.eventActions ?? before.eventActions),
      }))
      .filter((entry) => entry.before !== entry.after),
    ...initiators
      .map((initiator) => ({
        policy: `rotateAfter.${initiator}`,
        before: before.rotateAfter.includes(initiator),
        after: rotations.includes(initiator),
      }))
      .filter((entry) => entry.before !== entry.after),
  ];
  if (events.length === 0) return before;
  const after = await db.org.update({ where: { id: orgId }, data });
  for (const detail of events)
    await recordEvent(db, {
      orgId,
      action: 'policy.changed',
      by,
      target: { type: 'org', id: orgId },
      detail,
    });
  return after;
}

/** Keeps only the actions that aren't the default. */
function mergeActions(setting: unknown, changes: Readonly<Record<string, EventAction | null | undefined>>) {
  const merged = { ...actionsOf(setting) } as Record<string, EventAction>;
  for (const event of knownEventNames) {
    const change = changes[event];
    if (change !== undefined) merged[event] = change ?? knownEvents[event].action;
  }
  const set = knownEventNames.filter((event) => merged[event] !== knownEvents[event].action);
  return Object.fromEntries(set.map((event) => [event, merged[event] as string]));
}

function refuseLongerIdle(org: Org): void {
  for (const what of deviceKinds) {
    const [idle, absolute] = [org[`${what}IdleSeconds`], org[`${what}AbsoluteSeconds`]];
    if (idle === null || absolute === null || idle <= absolute) continue;
    const names = { idle: `${what}IdleSeconds (${idle})`, absolute: `${what}AbsoluteSeconds (${absolute})` };
    throw new AppError('invalid_request', ({ answers }) => answers.longerIdle(names), { field: `${what}IdleSeconds` });
  }
}
