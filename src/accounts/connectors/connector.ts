import type { z } from 'zod';

/** What a connector is asked about. `admin` is whoever changes passwords there; null: nobody is needed. */
export type Target<Settings> = Readonly<{
  userName: string;
  settings: Settings;
  admin: Readonly<{ userName: string; password: string }> | null;
}>;

/**
 * What came of setting a password. `error` is a word for administrators, never the system's text.
 *
 * - `set`: the system says that it took it. Only `verify` proves it.
 * - `rejected`: it refuses this password as one (its rules, its history): the password never counts.
 * - `denied`: it refuses the administrator: nothing was set.
 * - `unavailable`: nothing has reached it.
 * - `unknown`: it may have been set, or not.
 */
export type SetOutcome =
  | Readonly<{ result: 'set' }>
  | Readonly<{ result: 'rejected' | 'denied' | 'unavailable' | 'unknown'; error: string }>;

/**
 * Whether what was set outlives a restart of the system. `unavailable`: it could not be asked;
 * `denied`: the administrator's password was wrong.
 */
export type SaveOutcome = 'saved' | 'not_saved' | 'unavailable' | 'denied';

/**
 * What came of signing in with a password. `unproven`: the system lets in whatever the password is,
 * or can't be asked, so that nothing is proven; `unavailable`: it didn't answer.
 */
export type VerifyOutcome =
  | Readonly<{ result: 'accepted' | 'refused' }>
  | Readonly<{ result: 'unproven' | 'unavailable'; error: string }>;

/** How many connections were ended; null: nobody is there who could. Or why it failed: they may live on. */
export type EndOutcome = Readonly<{ ended: number | null }> | Readonly<{ error: string }>;

/**
 * How the password of one kind of system is changed. A connector is one file here and one test
 * beside the real server; `test/accounts/connectors/contract.ts` holds them all. It keeps nothing,
 * logs nothing, connects only to addresses that `CheckedAddress` gave, and ends within `signal`:
 * what it can't tell it reports as `unknown` or `unavailable`, and never throws for what a system does.
 */
export type Connector<Settings> = Readonly<{
  kind: string;
  /** Whether an administrator's credential is needed to set a password. */
  needsAdmin: boolean;
  settings: z.ZodType<Settings>;
  /** Characters that it can't carry; null: any. A password is made without them. */
  without?: RegExp;
  /** `old`: the password that is taken for the current one; null: none is known. */
  set(
    target: Target<Settings>,
    change: Readonly<{ password: string; old: string | null }>,
    signal: AbortSignal,
  ): Promise<SetOutcome>;
  /** Makes what was set outlive a restart, as often as it is asked; absent: `set` is enough for that. */
  save?(target: Target<Settings>, signal: AbortSignal): Promise<SaveOutcome>;
  verify(target: Target<Settings>, password: string, signal: AbortSignal): Promise<VerifyOutcome>;
  /** Whether the administrator signs in; absent: that can't be tried. Without one nothing is proven. */
  verifyAdmin?(target: Target<Settings>, signal: AbortSignal): Promise<VerifyOutcome>;
  /** Ends what was opened with the former password, and lives on there; absent: that is not possible. */
  endConnections?(target: Target<Settings>, signal: AbortSignal): Promise<EndOutcome>;
}>;

/**
 * The address to dial for a host: checked against what the operator allows (ACCOUNT_NETWORKS), never
 * the cloud's metadata. What was checked is what is dialled: a connector gives TLS the host's name
 * and the socket this address. @throws AddressRefusedError
 */
export type CheckedAddress = (host: string, port: number) => Promise<string>;
