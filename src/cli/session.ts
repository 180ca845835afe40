import type { Command } from 'commander';
import { z } from 'zod';
import type { DeviceKind } from '../sessions/principal.ts';
import { action, type Console, text } from './command.ts';
import { table } from './output.ts';
import { requireUser } from './require-user.ts';

type LiveAccess = {
  id: string;
  type: DeviceKind;
  /** The app's client id; null for a browser. */
  clientId: string | null;
  createdAt: Date;
  signedInFrom: string | null;
  lastSeenAt: Date;
  lastSeenFrom: string | null;
  idleExpiresAt: Date;
  expiresAt: Date;
  userAgent: string | null;
};

export function registerSession(program: Command, shell: Console): void {
  const session = program.command('session').description('sign-ins of browsers and apps');
  session
    .command('list')
    .description('the live sessions and grants of a person')
    .requiredOption('--org <org>', 'slug, verified domain or id')
    .requiredOption('--user <user>', 'e-mail address or id')
    .action(
      action(shell, z.object({ org: text, user: text }), async (workspace, input) => {
        const org = await workspace.requireOrg(input.org);
        const user = await requireUser(workspace, org, input.user);
        const { rows } = await workspace.pool.query<LiveAccess>(
          `SELECT * FROM (${liveOf('session', 'NULL')} UNION ALL ${liveOf('grant', 'client_id')}) AS live
           ORDER BY "lastSeenAt" DESC, id`,
          [org.id, user.id],
        );
        const cells = rows.map((device) => [
          device.clientId ?? 'Browser',
          device.createdAt,
          device.signedInFrom,
          device.lastSeenAt,
          device.lastSeenFrom,
          device.expiresAt,
          device.userAgent,
          device.id,
        ]);
        const headings = [
          'CLIENT',
          'SIGNED IN',
          'SIGNED IN FROM',
          'LAST SEEN',
          'LAST SEEN FROM',
          'EXPIRES',
          'DEVICE',
          'ID',
        ];
        return { json: rows, text: table(headings, cells, `${user.email} is not signed in anywhere.`) };
      }),
    );
}

const liveOf = (type: LiveAccess['type'], clientId: string) => `
  SELECT id, '${type}' AS type, ${clientId} AS "clientId", created_at AS "createdAt", ip AS "signedInFrom",
         last_seen_at AS "lastSeenAt", last_seen_ip AS "lastSeenFrom", idle_expires_at AS "idleExpiresAt",
         expires_at AS "expiresAt", user_agent AS "userAgent"
  FROM live_${type}s WHERE org_id = $1 AND user_id = $2`;
