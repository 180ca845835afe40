// Lints the OpenAPI document with two independent linters: any error or warning fails. It needs no database and no network.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import spectralCore from '@stoplight/spectral-core';
import { oas } from '@stoplight/spectral-rulesets';
import { describeApi } from '../src/api/openapi.ts';
import { adminOperations } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { documentEverything } from '../src/documentation.ts';

const config = loadConfig(
  {
    DATABASE_URL: 'postgresql://nobody@localhost/nothing',
    PUBLIC_URL: 'https://logout.whiterabbit.fake',
    TRUST_PROXY: 'loopback',
    SESSION_SECRETS: 'nothing-is-ever-signed-with-this-one',
    ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64'),
  },
  'production',
);
// The operations are described, never carried out: what they would work on isn't there.
const context = { config, liveChannel: {} } as unknown as Context;
const text = JSON.stringify(describeApi(config, documentEverything(adminOperations(context))), null, 2);

const findings = [...redocly(text), ...(await spectral(text))];
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;

function redocly(document: string): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'openapi-'));
  const file = path.join(folder, 'openapi.json');
  try {
    writeFileSync(file, document);
    const cli = fileURLToPath(new URL('../node_modules/@redocly/cli/bin/cli.js', import.meta.url));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [cli, 'lint', file, '--extends', 'recommended-strict', '--format', 'stylish', '--max-problems', '1000'],
      {
        encoding: 'utf8',
        cwd: folder,
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' },
      },
    );
    return status === 0 ? [] : [`Redocly: ${stdout}${stderr}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function spectral(document: string): Promise<string[]> {
  const linter = new spectralCore.Spectral();
  linter.setRuleset({ extends: [[oas, 'recommended']] });
  const results = await linter.run(JSON.parse(document));
  return results.map(({ code, message, path }) => `Spectral: ${code} at ${path.join('.')}: ${message}`);
}
