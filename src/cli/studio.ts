import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Command } from 'commander';
import { z } from 'zod';
import { migrate } from '../database/migrate.ts';
import { AppError } from '../errors.ts';
import { type Console, parseInput } from './command.ts';
import { openDatabase } from './workspace.ts';

const form = z.object({
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port')
    .optional(),
});

export function registerStudio(program: Command, shell: Console): void {
  program
    .command('studio')
    .description('open Prisma Studio on the database; Ctrl-C ends it')
    .option('--port <port>', 'default: 5555')
    .action(async function run(this: Command) {
      const { port } = parseInput(this, form);
      await shell.using(
        () => openDatabase(shell.settings()),
        async (database) => {
          if (database.embedded) await migrate(database.directUrl);
          const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
          const args = ['studio', '--url', database.directUrl, ...(port === undefined ? [] : ['--port', port])];
          const child = spawn(process.execPath, [prisma, ...args], { stdio: 'inherit' });
          // A signal for us alone must not leave the child behind.
          process.once('exit', () => child.kill());
          const [code, signal] = await once(child, 'exit');
          if (code !== 0 && signal === null)
            throw new AppError('internal_error', `Prisma Studio ended with ${code}; what it says is above.`);
        },
      );
    });
}
