/** Seconds, by the database's clock. Tests pass shorter ones. */
export type Times = Readonly<{
  /** Of a claim: a node that dies leaves its rotation to others after it. */
  lease: number;
  /** Between two tries with a password that may be wrong, of one account: systems lock accounts. */
  wrong: number;
  /** Pauses of a system that doesn't answer; the last one again and again. */
  unavailable: readonly number[];
  /** Pauses where the administrator, or what was set, isn't accepted. */
  denied: readonly number[];
  /** Pauses until the former password is tried again. */
  oldWorks: readonly number[];
  /** Without progress for so long: administrators are told. */
  tell: number;
  /** Refused for so long: it is left to people. Likewise a former password is tried so long. */
  giveUp: number;
  /** A directory needs so long to spread an administrator's new password. */
  spread: number;
  /** That people have for a rotation of their own. */
  people: number;
  /** Milliseconds that a system has for one step: far less than the lease. */
  limitsMs: Readonly<{ set: number; verify: number; endConnections: number }>;
}>;

const minute = 60;
const day = 24 * 60 * minute;

export const usualTimes: Times = {
  lease: minute,
  wrong: minute,
  unavailable: [5, 15, 30, minute, 2 * minute, 5 * minute, 15 * minute],
  denied: [minute, 2 * minute, 5 * minute, 15 * minute, 60 * minute],
  oldWorks: [minute, 5 * minute, 15 * minute, 60 * minute],
  tell: 10 * minute,
  giveUp: day,
  spread: 10 * minute,
  people: day,
  limitsMs: { set: 15_000, verify: 10_000, endConnections: 10_000 },
};
