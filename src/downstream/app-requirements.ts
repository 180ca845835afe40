import type { PoolClient } from 'pg';
import { AppError, type Saying } from '../errors.ts';
import { en } from '../texts/en.ts';
import { type AppForm, takesCredential } from './app-checks.ts';

/**
 * A credential is there exactly where the app is shown one. @throws AppError invalid_request
 */
export function requireCredential(form: AppForm, has: boolean, given: boolean): void {
  const field = 'credential';
  if (takesCredential(form) && !has)
    throw new AppError('invalid_request', ({ answers }) => answers.appNeedsCredential, { field });
  if (!takesCredential(form) && given)
    throw new AppError('invalid_request', ({ answers }) => answers.appTakesNoCredential, { field });
}

/** @throws AppError invalid_request where a group isn't the org's */
export async function requireGroups(client: PoolClient, orgId: string, { kind, settings }: AppForm): Promise<void> {
  if (kind === 'oidc' || settings.concerns.who !== 'groups') return;
  const groups = [...new Set(settings.concerns.groups)];
  const { rows } = await client.query(
    'SELECT count(*)::int AS count FROM groups WHERE org_id = $1 AND id = ANY ($2::text[])',
    [orgId, groups],
  );
  if (rows[0].count < groups.length)
    throw new AppError('invalid_request', ({ answers }) => answers.appOfUnknownGroup, {
      errors: [
        {
          pointer: '#/settings/concerns/groups',
          detail: 'has a group that the organisation does not have',
          says: ({ answers }) => answers.appOfUnknownGroup,
        },
      ],
    });
}

/** @throws AppError invalid_request where the connection of a receiver isn't the org's */
export async function requireConnection(client: PoolClient, orgId: string, form: AppForm): Promise<void> {
  if (form.kind !== 'ssf' || form.settings.connection === null) return;
  const { rowCount } = await client.query('SELECT FROM connections WHERE org_id = $1 AND id = $2', [
    orgId,
    form.settings.connection,
  ]);
  if (rowCount === 1) return;
  const says: Saying = ({ answers }) => answers.appOfUnknownConnection;
  throw new AppError('invalid_request', says, {
    errors: [{ pointer: '#/settings/connection', detail: says(en), says }],
  });
}
