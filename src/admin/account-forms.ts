import { z } from 'zod';
import { accountStates } from '../accounts/account.ts';
import { must } from '../accounts/connectors/must.ts';
import { passwordRuleChanges, passwordRules } from '../accounts/make-password.ts';
import { accountRights } from '../accounts/rights.ts';
import { connectorKinds } from '../accounts/settings.ts';
import { idOf } from '../api/examples.ts';
import { pageOf } from '../api/page.ts';
import { AccountRotationState, AccountVersionState } from '../database/generated/client.ts';
import { isStorableText } from '../database/storable.ts';
import { line, reference } from './forms.ts';

/** Several lines of text that people read; what could make it look like another text is refused. */
const lines = (mostCharacters: number) =>
  z
    .string()
    .max(mostCharacters)
    .regex(/^(?:[\n\r\t\u200c\u200d]|[^\p{Cc}\p{Cf}\p{Cs}\p{Co}])*$/u, 'must be text without control characters');

/** A password of another system: whatever people may have there, but for what cannot be sent anywhere. */
export const password = z
  .string()
  .min(1)
  .max(4096)
  .refine(isStorableText, must('storable'))
  .meta({ examples: ['correct-horse-battery'] });

const name = line(200);
const userName = line(320).describe('What signs in there.');
const place = z.union([z.literal(''), line(500)]).describe('Where it is, for whoever may use it.');
const notes = lines(4_000).describe('For whoever may use it.');
const connector = z.enum(connectorKinds).describe('What changes its password. `manual`: people do.');
const settings = z
  .record(z.string().max(60), z.unknown())
  .describe('As the connector has them; all of them, for what is left out is as it is by default.');
const givenAdministrator = z
  .union(
    [
      z.strictObject({ accountId: reference.describe('Another shared account.') }),
      z.strictObject({ userName: line(320), password }),
    ],
    'must be {"accountId": "…"}, {"userName": "…", "password": "…"} or null',
  )
  .nullable()
  .describe('Who changes the password there; null: nobody is needed, or the account changes its own.');
const everyDays = z.int().min(1).max(3_650).nullable().describe('Days after which it is changed anyway; null: never.');

export const newAccount = z
  .strictObject({
    name,
    userName,
    place: place.default(''),
    notes: notes.default(''),
    connector: connector.default('manual'),
    settings: settings.default({}),
    administrator: givenAdministrator.default(null),
    passwordRules: passwordRules.prefault({}),
    everyDays: everyDays.default(null),
    password: password.optional().describe('The one that signs in now.'),
  })
  .meta({ id: 'NewAccount' });

export const accountChanges = z
  .strictObject({
    name: name.optional(),
    userName: userName.optional(),
    place: place.optional(),
    notes: notes.optional(),
    connector: connector.optional(),
    settings: settings.optional(),
    administrator: givenAdministrator.optional(),
    passwordRules: passwordRuleChanges.optional(),
    everyDays: everyDays.optional(),
    password: password
      .optional()
      .describe(
        'What signs in where the account leads after the change; needed where a password was kept for elsewhere.',
      ),
  })
  .meta({ id: 'AccountChanges' });

const version = z
  .int()
  .nullable()
  .describe('The version of the password that signs in as far as is known; null: none was given yet.')
  .meta({ examples: [3] });
export const accountState = z
  .enum(accountStates)
  .describe(
    '`rotating`: it gets a new password. `failing`: its system has not taken one for a while; nothing new was set, what signed in before still does, and it is tried again. `uncertain`: it is not known which one signs in. `old_works`: the former one is not known to be refused. `manual`: people have to change it.',
  );
export const account = z
  .object({
    id: idOf('account'),
    name: z.string().meta({ examples: ['Ship’s computer'] }),
    userName: z.string().meta({ examples: ['operator'] }),
    place: z.string().meta({ examples: ['https://computer.whiterabbit.fake'] }),
    notes: z.string().meta({ examples: ['Sign in by the terminal on the bridge.'] }),
    connector,
    settings: z
      .record(z.string(), z.unknown())
      .describe('As the connector has them.')
      .meta({ examples: [{}] }),
    administrator: z
      .union([
        z.object({ accountId: z.string() }),
        z.object({
          userName: z.string(),
          givenBy: z
            .object({ id: z.string(), name: z.string().nullable() })
            .nullable()
            .describe('Who typed its password in, and knows it; null: an operator, or it is not known.'),
          givenAt: z.string().nullable(),
        }),
      ])
      .nullable()
      .describe('Who changes the password there: another shared account, or a user name.')
      .meta({ examples: [{ userName: 'root', givenBy: null, givenAt: null }] }),
    passwordRules: passwordRules.meta({ examples: [passwordRules.parse({})] }),
    everyDays: z
      .int()
      .nullable()
      .describe('Days after which it is changed anyway.')
      .meta({ examples: [90] }),
    version,
    changedAt: z.iso.datetime().nullable().describe('When its password was last changed.'),
    state: accountState,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Account' });
/** For whoever asks: with what they may do themselves, by whatever way. */
export const accountForReader = account
  .extend({
    right: z
      .enum(accountRights)
      .nullable()
      .describe('Your own right to it, also by a group: no role reads a password.')
      .meta({ examples: ['use'] }),
  })
  .meta({ id: 'AccountForReader' });
export const accountPage = pageOf(account).meta({ id: 'AccountPage' });

const right = z
  .enum(accountRights)
  .describe('`use`: read the password. `manage`: change the account too, and read every version.');
export const newRight = z
  .union(
    [
      z.strictObject({ userId: reference, right }),
      z.strictObject({ groupId: reference, right }),
      z.strictObject({ who: line(320).describe('A person’s id, address or user name.'), right }),
    ],
    'must have one of `userId`, `groupId` and `who`, and a `right`, which is `use` or `manage`',
  )
  .meta({ id: 'NewAccountRight' });
export const accountRight = z
  .object({
    id: idOf('accountRight'),
    accountId: idOf('account'),
    user: z
      .object({ id: idOf('user'), name: z.string(), email: z.string(), active: z.boolean() })
      .nullable()
      .describe('The person who has it; null: a group has.'),
    group: z
      .object({
        id: idOf('group'),
        displayName: z.string().meta({ examples: ['Crew'] }),
        members: z.int().describe('Active people in it.'),
      })
      .nullable()
      .describe('The group whose members have it; null: a person has.')
      .meta({ examples: [null] }),
    right,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AccountRight' });
export const accountRightPage = pageOf(accountRight).meta({ id: 'AccountRightPage' });

export const accountVersion = z
  .object({
    version: z.int(),
    state: z
      .enum(AccountVersionState)
      .describe(
        '`candidate`: made, and perhaps set there. `current`: verified, or given by people. `former`: was current, or may have been. `dead`: the system refused it as a password.',
      ),
    rotationId: idOf('rotation').nullable().describe('The rotation that made it; null: people gave it.'),
    createdAt: z.iso.datetime(),
    acceptedAt: z.iso.datetime().nullable().describe('When it was last seen to sign in.'),
    refusedAt: z.iso
      .datetime()
      .nullable()
      .describe('When it was last seen to be refused.')
      .meta({ examples: [null] }),
  })
  .meta({ id: 'AccountVersion' });
export const accountVersionPage = pageOf(accountVersion).meta({ id: 'AccountVersionPage' });

export const accountPasswordGiven = z.object({ version: z.int() }).meta({ id: 'AccountPasswordGiven' });

export const accountReveal = z
  .object({
    id: idOf('reveal'),
    accountId: idOf('account'),
    version: z.int(),
    user: z
      .object({ id: idOf('user'), name: z.string(), email: z.string() })
      .nullable()
      .describe('Who has read it; null: an operator, on the command line.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AccountReveal' });
export const accountRevealPage = pageOf(accountReveal).meta({ id: 'AccountRevealPage' });

export const accountRotation = z
  .object({
    id: idOf('rotation'),
    accountId: idOf('account'),
    accountName: z.string().meta({ examples: ['Ship’s computer'] }),
    state: z
      .enum(AccountRotationState)
      .describe(
        '`queued`: waits for its turn. `candidate`: a new password is made, and may be on its way. `set`: the system took it. `uncertain`: nobody knows which one signs in. `promoted`: the new one is current. `old_works`: the former one is not known to be refused. `manual`: people have to do it. `done`: it is over. `cancelled`: there was nothing to do any more; with `promotedAt` the new one was set, and whether the former one is refused was not checked, for it is kept for another place or the key was erased.',
      ),
    cause: z
      .string()
      .describe('`revocation`, `right_ended`, `hand`, `schedule` or `reconcile`.')
      .meta({ examples: ['revocation'] }),
    revocationId: idOf('revocation').nullable(),
    userId: idOf('user').nullable().describe('Whose access ended, or who asked for it.'),
    user: z
      .object({ id: idOf('user'), name: z.string(), email: z.string() })
      .nullable()
      .describe('The same person, as they are called now; empty where they are not here any more.'),
    revealed: z.boolean().describe('The person has read the password since it was last changed.'),
    candidate: z
      .int()
      .nullable()
      .describe('The version that it makes current.')
      .meta({ examples: [4] }),
    previous: z
      .int()
      .nullable()
      .describe('The version that was current before.')
      .meta({ examples: [3] }),
    error: z
      .string()
      .nullable()
      .describe('A word: why the last try came to nothing.')
      .meta({ examples: [null] }),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    promotedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
    doUntil: z.iso
      .datetime()
      .nullable()
      .describe('Of one that people have to do: until when.')
      .meta({ examples: [null] }),
  })
  .meta({ id: 'AccountRotation' });
export const accountRotationPage = pageOf(accountRotation).meta({ id: 'AccountRotationPage' });

export const rotationConfirmation = z
  .union(
    [
      z.strictObject({ candidate: z.literal(true).describe('People entered the one that was made for it.') }),
      z.strictObject({ password: password.describe('People entered this one.') }),
    ],
    'must be {"candidate": true} or {"password": "…"}',
  )
  .meta({ id: 'RotationConfirmation' });
export const confirmedRotation = z.object({ version: z.int() }).meta({ id: 'ConfirmedRotation' });

const outcome = {
  result: z
    .enum(['accepted', 'refused', 'unproven', 'unavailable'])
    .describe('`unproven`: the system lets in whatever the password is, or cannot be asked.'),
  error: z
    .string()
    .nullable()
    .describe('A word.')
    .meta({ examples: [null] }),
};
export const accountTest = z
  .object({
    ...outcome,
    administrator: z
      .object(outcome)
      .nullable()
      .describe('Of the administrator; null where there is none of its own, or it cannot be tried.'),
  })
  .meta({ id: 'AccountTest' });
