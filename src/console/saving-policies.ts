import { policies, policyPreview } from '../admin/policies.ts';
import { AppError } from '../errors.ts';
import { changesOf } from './changed-fields.ts';
import type { Use } from './operations.ts';
import { type Change, type Effects, isSomething, type PoliciesForm, viewOfConfirm } from './policy-confirm-view.ts';
import { type Policy, storedIn, toChange, typedIn } from './policy-fields.ts';
import { filled, type View, type Visit } from './screen.ts';

/** Saves a form of policies: only what the person changed, and only once they know what it ends. */
export function createSavePolicies(use: Use) {
  const listPolicies = use('listPolicies', policies);
  const changePolicies = use('changePolicies', policies);
  const preview = use('previewPolicies', policyPreview);

  /** All policies by their names. */
  const read = async (visit: Visit): Promise<ReadonlyMap<string, Policy>> => {
    const { items } = await listPolicies(visit);
    return new Map(items.map((policy) => [policy.name, policy]));
  };

  return {
    read,
    /**
     * Null when it is saved; a page where it has to be confirmed.
     * @throws AppError invalid_request, or conflict where somebody else changed the same meanwhile
     */
    async save(visit: Visit, form: PoliciesForm): Promise<View | null> {
      const changes = changesIn(visit, form, await read(visit));
      if (changes.length === 0) return null;
      const body = bodyOf(changes);
      let confirmation = filled(visit.given, 'confirmation');
      if (confirmation === undefined) {
        const shown = await preview(visit, { body });
        if (isSomething(shown)) return viewOfConfirm(visit, form, changes, shown);
        confirmation = shown.confirmation;
      }
      try {
        await changePolicies(visit, { body: { ...body, confirmation } });
        return null;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'confirmation_required') throw error;
        const { effects, confirmation } = error.members as { effects: Effects; confirmation: string };
        const problem = new AppError('conflict', visit.texts.console.authentication.confirm.again);
        const view = viewOfConfirm({ ...visit, problem }, form, changes, { ...effects, confirmation });
        return { ...view, status: problem.status };
      }
    },
  };
}

function changesIn(visit: Visit, { fields }: PoliciesForm, byName: ReadonlyMap<string, Policy>): Change[] {
  const words = visit.texts.console.authentication;
  const all = fields.map((asked): Change => {
    const policy = byName.get(asked.policy) as Policy;
    return { policy, asked, before: storedIn(policy, asked), after: typedIn(words, policy, asked, visit.given) };
  });
  refuseLongerIdle(words, all);
  const valuesBy = (which: 'before' | 'after') => Object.fromEntries(all.map((each) => [each.asked.name, each[which]]));
  const changes = changesOf(visit, valuesBy('after'), valuesBy('before'));
  return all.filter(({ asked }) => asked.name in changes);
}

function refuseLongerIdle(words: Visit['texts']['console']['authentication'], all: readonly Change[]): void {
  for (const what of ['session', 'grant']) {
    const secondsOf = (name: string) => Number(all.find(({ asked }) => asked.name === `${what}${name}Seconds`)?.after);
    const [idle, absolute] = [secondsOf('Idle'), secondsOf('Absolute')];
    if (idle > absolute && absolute > 0)
      throw new AppError(
        'invalid_request',
        words.problems.idle({ idle: words.time(idle), absolute: words.time(absolute) }),
      );
  }
}

/** One body for the API: what a form asks of several members of one policy is one member. */
function bodyOf(changes: readonly Change[]): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const { asked, after } of changes)
    for (const [name, value] of Object.entries(toChange(asked, after)))
      body[name] = typeof value === 'object' && value !== null ? { ...(body[name] as object), ...value } : value;
  return body;
}
