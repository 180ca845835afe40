import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { eventActions } from '../orgs/event-actions.ts';
import type { Orgs } from '../orgs/orgs.ts';
import { describePolicies, type Lifetimes, policyChangesForm } from '../orgs/policies.ts';

const value = z.union([z.boolean(), z.number(), z.string(), z.null(), z.record(z.string(), z.enum(eventActions))]);

const policy = z
  .object({
    name: z.string(),
    description: z.string(),
    value: value.describe('null: the default.'),
    default: value,
    choices: z
      .array(z.object({ value: z.union([z.boolean(), z.string(), z.null()]), does: z.string() }))
      .describe('What each value does.'),
    bounds: z.object({ min: z.number(), max: z.number(), unit: z.enum(['seconds', 'days', 'characters']) }).nullable(),
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
const policies = z.object({ items: z.array(policy), next: z.null() }).meta({ id: 'PolicyPage' });

/** The org's policies: they count from everyone's next request on. */
export function policyOperations(deps: { config: Lifetimes; prisma: PrismaClient; orgs: Orgs }): readonly Operation[] {
  const view = { path: '/api/orgs/current/policies', tag: 'Policies' };
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
        'Changes what is named, all or nothing; `null`, where a policy takes it, is its default again. Each policy that changes is in the record with its value before and after. It counts from everyone’s next request on.',
      permission: 'settings.change',
      body: policyChangesForm(deps.config).meta({ id: 'PolicyChanges' }),
      success: { status: 200, description: 'All policies, as they are now.', schema: policies },
      problems: ['invalid_request'],
      handle: async ({ orgId, body, by }) => {
        const org = await deps.orgs.updateOrg(orgId, body, by);
        return { items: describePolicies(org, deps.config), next: null };
      },
    }),
  ];
}
