import type { Pool } from 'pg';
import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { mostCounted } from '../database/most-counted.ts';
import type { InTurn } from '../http/turns.ts';
import type { Keyring } from '../keyring.ts';
import { eventActions } from '../orgs/event-actions.ts';
import type { Orgs } from '../orgs/orgs.ts';
import { describePolicies, type Lifetimes, policyChangesForm, policyUnits } from '../orgs/policies.ts';
import { createConfirmPolicies } from './confirming-policies.ts';
import { confirmation, refusalOf } from './ending-access.ts';

const value = z.union([
  z.boolean(),
  z.number(),
  z.string(),
  z.null(),
  z.record(z.string(), z.union([z.enum(eventActions), z.boolean()])),
]);

const policy = z
  .object({
    name: z.string(),
    description: z.string(),
    value: value.describe('null: the default.'),
    default: value,
    choices: z
      .array(z.object({ value: z.union([z.boolean(), z.string(), z.null()]), does: z.string() }))
      .describe('What each value does.'),
    bounds: z.object({ min: z.number(), max: z.number(), unit: z.enum(policyUnits) }).nullable(),
  })
  .meta({
    id: 'Policy',
    examples: [
      {
        name: 'sessionIdleSeconds',
        description: 'Seconds without a request after which a browser’s session expires.',
        value: 3600,
        default: 86_400,
        choices: [{ value: null, does: 'The deployment’s own counts: 86400 seconds.' }],
        bounds: { min: 300, max: 86_400, unit: 'seconds' },
      },
    ],
  });
export const policies = z.object({ items: z.array(policy), next: z.null() }).meta({ id: 'PolicyPage' });

const bounded = (what: string) => z.int().describe(`${what}; ${mostCounted} stands for that many or more.`);

/** What saving would do at once. */
const policyEffects = z
  .object({
    sessionCount: bounded('Live sessions of browsers that would end'),
    grantCount: bounded('Apps’ sign-ins that would end'),
    own: z.boolean().describe('Whether the credential that asks would end, too.'),
    administratorCount: z
      .int()
      .describe('Administrators who would have to authenticate again before their next change, and need not now.'),
    eventCount: bounded('Events of the record that would be removed'),
    apiKeyCount: z.int().describe('Current API keys that could no longer end access.'),
    connectionCount: z.int().describe('Proven connections whose identity provider could no longer end access.'),
  })
  .meta({ id: 'PolicyEffects' });

export const policyPreview = policyEffects
  .extend({
    confirmation: z
      .string()
      .describe('Sent with the same change within five minutes, it is saved only while it would do about this.'),
  })
  .meta({ id: 'PolicyPreview' });

const confirmationRequired = refusalOf('confirmation_required', 'Meanwhile this would do more than the preview said.')
  .extend({
    effects: policyEffects.describe('What saving would do now.'),
    confirmation: z.string().describe('To be sent back with the same change, within five minutes.'),
  })
  .meta({ id: 'PolicyConfirmationRequired' });

type PolicyDeps = Readonly<{
  config: Lifetimes;
  pool: Pool;
  prisma: PrismaClient;
  inTurn: InTurn;
  keyring: Keyring;
  orgs: Orgs;
}>;

/** The org's policies: they count from everyone's next request on. */
export function policyOperations(deps: PolicyDeps): readonly Operation[] {
  const view = { path: '/api/orgs/current/policies', tag: 'Policies' };
  const form = policyChangesForm(deps.config);
  const changes = form.meta({ id: 'PolicyChangesToPreview' });
  const confirmable = form
    .extend({
      confirmation: confirmation.describe('From a preview of the same change. Without one it is saved at once.'),
    })
    .meta({ id: 'PolicyChanges' });
  const { preview, requireAsShown } = createConfirmPolicies(deps);
  return [
    operation({
      ...view,
      method: 'get',
      id: 'listPolicies',
      summary: 'The policies, with what each choice does',
      permission: 'org.read',
      success: { status: 200, description: 'All policies.', schema: policies },
      handle: async ({ orgId }) => {
        const org = await deps.prisma.org.findUniqueOrThrow({ where: { id: orgId } });
        return { items: describePolicies(org, deps.config), next: null };
      },
    }),
    operation({
      ...view,
      method: 'patch',
      id: 'changePolicies',
      bodyExample: { globalLogout: true, sessionIdleSeconds: 3600 },
      summary: 'Change policies',
      description:
        'Changes what is named, all or nothing; `null`, where a policy takes it, is its default again. Each policy that changes is in the record with its value before and after. It counts from everyone’s next request on. With the `confirmation` of a preview it is saved only while it would end and remove about what the preview said: a number may grow by one, or by a tenth.',
      permission: 'settings.change',
      body: confirmable,
      success: { status: 200, description: 'All policies, as they are now.', schema: policies },
      also: [
        {
          status: 409,
          description: '`confirmation_required`: nothing is saved, it would do more than was shown.',
          contentTypes: ['application/problem+json'],
          schema: confirmationRequired,
        },
      ],
      problems: ['invalid_request', 'confirmation_required'],
      handle: async (call) => {
        const { orgId, by } = call;
        const { confirmation, ...body } = call.body;
        if (confirmation !== undefined) await requireAsShown(call, body, confirmation);
        const org = await deps.orgs.updateOrg(orgId, body, by);
        return { items: describePolicies(org, deps.config), next: null };
      },
    }),
    operation({
      method: 'post',
      path: `${view.path}/preview`,
      tag: view.tag,
      id: 'previewPolicies',
      bodyExample: { sessionIdleSeconds: 3600 },
      summary: 'What a change of policies would end or refuse at once',
      description:
        'Changes nothing. A shorter time ends what is older, a shorter retention removes events, and callers that are switched off are refused; what is left out, and whatever else policies do, counts for nothing here. The `confirmation` binds the change to what this says.',
      permission: 'settings.change',
      body: changes,
      success: { status: 200, description: 'What would end.', schema: policyPreview },
      problems: ['invalid_request', 'too_many_requests'],
      handle: async (call) => {
        const { effects, confirmation } = await preview(call, call.body);
        return { ...effects, confirmation };
      },
    }),
  ];
}
