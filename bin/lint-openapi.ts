// Lints the OpenAPI document with two independent linters: any error or warning fails. The script
// needs no database and no network.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import spectralCore, { type RulesetDefinition } from '@stoplight/spectral-core';
import { oas } from '@stoplight/spectral-rulesets';
import { createApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import { createContext } from '../src/context.ts';

const run = promisify(execFile);
const text = await readDocument();

const findings = (await Promise.all([redocly(text), spectral(text)])).flat();
for (const finding of findings) console.error(finding);
// Parts of the product that wait for their database would keep the process alive.
process.exit(findings.length > 0 ? 1 : 0);

/** The document as the product answers it; its route asks no database. */
async function readDocument(): Promise<string> {
  const config = loadConfig(
    {
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
      PUBLIC_URL: 'https://logout.whiterabbit.fake',
      TRUST_PROXY: 'loopback',
      SESSION_SECRETS: 'nothing-is-ever-signed-with-this-one',
      ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64'),
      LOG_LEVEL: 'silent',
      // Only with this token do the metrics exist, and stand in the document.
      METRICS_TOKEN: 'numbers-that-nobody-ever-asks-for',
    },
    'production',
  );
  const context = createContext(config);
  const server = createApp(context).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const document = await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).text();
  server.close();
  await context.stop(0);
  return document;
}

async function redocly(document: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'openapi-'));
  const file = path.join(folder, 'openapi.json');
  writeFileSync(file, document);
  const cli = fileURLToPath(new URL('../node_modules/@redocly/cli/bin/cli.js', import.meta.url));
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' };
  try {
    await run(process.execPath, [cli, 'lint', file, '--extends', 'recommended-strict'], { cwd: folder, env });
    return [];
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return [`Redocly: ${stdout}${stderr}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function spectral(document: string): Promise<string[]> {
  const linter = new spectralCore.Spectral();
  linter.setRuleset({ extends: [[oas as RulesetDefinition, 'recommended']] });
  const results = await linter.run(JSON.parse(document));
  return results.map(({ code, message, path }) => `Spectral: ${code} at ${path.join('.')}: ${message}`);
}
