import type { SignInRefused } from './refusal.ts';
import type { TrialOutcome, TrialRefusal, TrialReport, TrialStep } from './trial-report.ts';

export type GatheredTrial = ReturnType<typeof gatherTrial>;

/** Gathers what the steps of a trial find, into its report. */
export function gatherTrial(begun: Pick<TrialReport, 'connection' | 'anew' | 'request' | 'tokenEndpoint'>) {
  let current: TrialStep = 'request';
  let report: TrialReport = {
    ...begun,
    outcomes: {
      discovery: 'not_reached',
      request: 'not_reached',
      answer: 'not_reached',
      tokens: 'not_reached',
      id_token: 'not_reached',
      address: 'not_reached',
      person: 'not_reached',
      freshness: 'not_reached',
    },
    refused: null,
    metadata: null,
    claims: [],
    address: null,
    person: null,
    freshness: null,
  };
  const trial = {
    is(step: TrialStep, outcome: TrialOutcome) {
      report = { ...report, outcomes: { ...report.outcomes, [step]: outcome } };
      return trial;
    },
    /** The step that is taken next. */
    at(step: TrialStep) {
      current = step;
      return trial;
    },
    note(found: Partial<TrialReport>) {
      report = { ...report, ...found };
      return trial;
    },
    refuse(error: SignInRefused, refusal: TrialRefusal) {
      const step = stepOf(error, current);
      // Whose tokens were refused for what they say was given tokens.
      if (step === 'id_token') trial.is('tokens', 'good');
      if (step === 'freshness') trial.is('person', 'good');
      trial.note({ refused: { ...refusal, step } }).is(step, 'bad');
    },
    report: () => report,
  };
  return trial;
}

/** The exchange of the code and the ID token's verification are one step of the code. */
function stepOf({ reason, detail }: SignInRefused, current: TrialStep): TrialStep {
  if (reason === 'overtaken') return 'freshness';
  if (current === 'person' && (reason.startsWith('email_') || detail?.startsWith('user_info_'))) return 'address';
  if (current !== 'tokens' || reason === 'code_refused' || reason === 'client_refused') return current;
  return detail?.startsWith('token_') ? 'tokens' : 'id_token';
}
