import { Initiator } from '../database/generated/client.ts';

/** By initiator: whether a revocation of theirs changes passwords of shared accounts. */
export type RotateAfter = Readonly<Record<Initiator, boolean>>;

export const initiators = Object.values(Initiator);

/**
 * The default: whoever signs out themself stays who they are, also where the org's policy makes it a
 * sign-out everywhere (`policy`). Everybody else who ends a person's access says that it is over or in doubt.
 */
const standard = (initiator: Initiator) => initiator !== 'user' && initiator !== 'policy';

/** `setting`: the org's `orgs.rotate_after`; undefined: the default. */
export const rotateAfterOf = (setting: readonly Initiator[] = initiators.filter(standard)): RotateAfter =>
  Object.fromEntries(initiators.map((initiator) => [initiator, setting.includes(initiator)])) as RotateAfter;

/** A change of some: null restores the default. Returns what is stored, in the order of the list. */
export function mergeRotateAfter(
  setting: readonly Initiator[],
  changes: Readonly<Partial<Record<Initiator, boolean | null>>>,
): Initiator[] {
  return initiators.filter((initiator) => {
    const change = changes[initiator];
    return change === undefined ? setting.includes(initiator) : (change ?? standard(initiator));
  });
}
