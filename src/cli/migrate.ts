import type { Command } from 'commander';
import { migrate } from '../database/migrate.ts';
import type { Console } from './command.ts';
import { openDatabase } from './workspace.ts';

export function registerMigrate(program: Command, shell: Console): void {
  program
    .command('migrate')
    .description('bring the database to the current schema')
    .action(() =>
      shell.using(
        () => openDatabase(shell.settings()),
        async (database) => {
          const applied = await migrate(database.directUrl);
          shell.answer({
            json: applied,
            text: applied.length > 0 ? `Applied: ${applied.join(', ')}` : 'The database is up to date.',
          });
        },
      ),
    );
}
