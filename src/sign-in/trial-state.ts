import { z } from 'zod';
import { type StateKind, sealedState } from './sealed-state.ts';

const form = sealedState.extend({
  /** The session of the administrator who began the trial: its report is for no other. */
  sessionId: z.string(),
});

export type TrialState = z.infer<typeof form>;

/**
 * The state of a trial has a cookie and a purpose of its own. So no trial can be turned into a
 * sign-in, nor the other way round, on a node of another version either.
 */
export const trialState: StateKind<TrialState> = { name: 'sign-in-trial', purpose: 'sign-in-trial-state', form };
