import { isUnavailable } from './errors.ts';

/**
 * Why the database doesn't answer, for operators; null when the error is another one. It names the
 * variable and never its value, which holds a password.
 */
export function explainUnreachable(error: unknown): string | null {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (code === '3D000') return 'The database that DATABASE_URL names does not exist on its server: create it.';
  if (code === '28P01' || code === '28000') return 'The server of DATABASE_URL refuses its user or password.';
  if (code === '25006') return 'DATABASE_URL leads to a standby, read only and behind: point it at the primary.';
  if (!isUnavailable(error)) return null;
  // Both addresses of localhost fail as an AggregateError, which has a code and no message.
  return `The database does not answer (${code ?? message}). Check DATABASE_URL, and whether its server runs.`;
}
