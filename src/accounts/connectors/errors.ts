import { AddressRefusedError } from './checked-address.ts';
import type { SetOutcome } from './connector.ts';
import { TooLargeError } from './sockets.ts';

/** Every word that an outcome may have: administrators read a sentence for each, never a system's text. */
export const connectorErrors = [
  // It was not reached.
  'address_refused',
  'no_address',
  'connection_refused',
  'connection_lost',
  'timeout',
  'certificate',
  'no_tls',
  'no_answer',
  'busy',
  'read_only',
  'settings',
  'user_name',
  // It does not let the administrator in, or do this.
  'no_administrator',
  'no_old_password',
  'wrong_administrator',
  'not_permitted',
  'unknown_user',
  'weak_method',
  'not_supported',
  // It, or what carries it there, does not take the password.
  'password_rules',
  'password_history',
  'characters',
  // It answered, and nobody can tell what that means.
  'unexpected_answer',
  'too_large',
  'not_saved',
  // It signed in, or could not be tried, and proves nothing.
  'no_password_asked',
  'not_let_in',
  'other_account',
  'no_verification',
] as const;

export type ConnectorError = (typeof connectorErrors)[number];

/** Why connections could not be ended, as the same failure of a change is called. */
export const notEnded = (failure: SetOutcome) =>
  ({ error: 'error' in failure ? failure.error : ('unexpected_answer' satisfies ConnectorError) }) as const;

/** What a failed connection is called. */
export function errorOf(error: unknown, signal: AbortSignal): ConnectorError {
  if (error instanceof AddressRefusedError) return 'address_refused';
  if (signal.aborted) return 'timeout';
  if (error instanceof TooLargeError) return 'too_large';
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const code = String((each as NodeJS.ErrnoException).code ?? '');
    // As MariaDB's driver calls it.
    if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return 'no_tls';
    if (code === 'ECONNREFUSED') return 'connection_refused';
    if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA'].includes(code)) return 'no_address';
    if (['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)) return 'timeout';
    if (/^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_CA|ERR_SSL_)/.test(code))
      return 'certificate';
    if (['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_DESTROYED'].includes(code)) return 'connection_lost';
  }
  return 'no_answer';
}
