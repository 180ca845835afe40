/** Thrown when a database can't be brought to the current schema; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** PostgreSQL's message with the line of the script that it points at. */
export function describeScriptError(error: unknown, script: string): string {
  if (!(error instanceof Error)) return String(error);
  const { position } = error as Error & { position?: string };
  const line = position ? script.slice(0, Number(position)).split('\n').length : undefined;
  return `${error.message}${line ? ` (line ${line})` : ''}.`;
}
