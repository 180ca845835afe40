import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, developmentEnvironment, environment, loadConfig, loadDevelopmentConfig } from '../src/config.ts';

const key = () => randomBytes(32).toString('base64');
const good = () => ({
  DATABASE_URL: 'postgresql://u:p@db.example.com/app',
  PUBLIC_URL: 'https://app.example.com',
  SESSION_SECRETS: `${randomBytes(32).toString('hex')}, ${randomBytes(32).toString('hex')}`,
  ENCRYPTION_KEYS: `${key()},${key()}`,
  TRUST_PROXY: '1',
});

/** What loadConfig finds wrong. */
function problemsOf(env: Record<string, string | undefined>, mode: 'production' | 'development' = 'production') {
  try {
    loadConfig(env, mode);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

test('reads a good environment, with defaults', () => {
  const config = loadConfig(good(), 'production');
  expect(config).toMatchObject({
    mode: 'production',
    directDatabaseUrl: 'postgresql://u:p@db.example.com/app',
    databasePoolSize: 16,
    port: 3333,
    publicUrl: 'https://app.example.com',
    appUrl: 'https://app.example.com',
    trustProxy: 1,
    logLevel: 'info',
    sessionIdleSeconds: 43_200,
    sessionAbsoluteSeconds: 604_800,
    privateIdpHosts: [],
    dnsServers: [],
  });
  expect(config.sessionSecrets).toHaveLength(2);
  expect(config.encryptionKeys.map((bytes) => bytes.length)).toEqual([32, 32]);
});

test('lists everything that is missing at once', () => {
  expect(problemsOf({ PUBLIC_URL: '  ' })).toEqual([
    'DATABASE_URL is missing',
    'PUBLIC_URL is missing',
    'SESSION_SECRETS is missing',
    'ENCRYPTION_KEYS is missing',
  ]);
});

test('lists everything that is wrong at once, and shows no value', () => {
  const bad = {
    DATABASE_URL: 'mysql://hidden-user:hidden-password@h/d',
    DIRECT_DATABASE_URL: 'hidden-direct',
    DATABASE_POOL_SIZE: '0hidden',
    PORT: '70000',
    PUBLIC_URL: 'https://hidden:hidden@app.example.com/path',
    APP_URL: 'hidden-app',
    SESSION_SECRETS: 'hidden-short',
    ENCRYPTION_KEYS: 'hidden-key',
    TRUST_PROXY: 'true',
    LOG_LEVEL: 'hidden-loud',
    SESSION_IDLE_SECONDS: '-1',
    SESSION_ABSOLUTE_SECONDS: '1e9',
  };
  const problems = problemsOf(bad);
  for (const name of Object.keys(bad)) expect(problems.join('\n')).toMatch(new RegExp(`^${name} `, 'm'));
  expect(problems.join('\n')).not.toContain('hidden');
  expect(problems.join('\n')).not.toContain('70000');
});

describe('what contradicts itself is refused', () => {
  const same = key();
  test.each([
    ['http in production', { PUBLIC_URL: 'http://app.example.com' }, /^PUBLIC_URL must be https/],
    ['https without a named proxy', { TRUST_PROXY: undefined }, /^TRUST_PROXY is missing/],
    ['trusting anyone', { TRUST_PROXY: 'true' }, /^TRUST_PROXY/],
    ['idle above absolute', { SESSION_IDLE_SECONDS: '100', SESSION_ABSOLUTE_SECONDS: '99' }, /^SESSION_IDLE_SECONDS/],
    ['the same key twice', { ENCRYPTION_KEYS: `${same},${same}` }, /^ENCRYPTION_KEYS holds the same key twice/],
    ['a mail server without a sender', { SMTP_URL: 'smtp://localhost' }, /^MAIL_FROM is missing/],
    ['a sender without a mail server', { MAIL_FROM: 'a@example.com' }, /^SMTP_URL is missing/],
    ['another protocol', { SMTP_URL: 'http://localhost', MAIL_FROM: 'a@example.com' }, /^SMTP_URL must be smtp/],
    ['a second header', { SMTP_URL: 'smtp://localhost', MAIL_FROM: 'A\nBcc: b <a@example.com>' }, /^MAIL_FROM must be/],
    ['one short secret among good ones', { SESSION_SECRETS: `${'x'.repeat(32)},short` }, /^SESSION_SECRETS/],
  ])('%s', (_name, change, expected) => {
    const problems = problemsOf({ ...good(), ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });

  test('also beside variables that are missing or wrong', () => {
    const mixed = {
      ...good(),
      DATABASE_URL: undefined,
      PORT: 'many',
      TRUST_PROXY: undefined,
      SESSION_IDLE_SECONDS: '100',
      SESSION_ABSOLUTE_SECONDS: '99',
      ENCRYPTION_KEYS: `${same},${same}`,
    };
    const names = problemsOf(mixed).map((problem) => problem.split(' ')[0]);
    expect(names).toEqual(['DATABASE_URL', 'PORT', 'TRUST_PROXY', 'SESSION_IDLE_SECONDS', 'ENCRYPTION_KEYS']);
    expect(problemsOf({ ...mixed, PUBLIC_URL: 'nonsense', SESSION_IDLE_SECONDS: 'x' })).not.toContainEqual(
      expect.stringMatching(/TRUST_PROXY|must not be greater/),
    );
  });

  test('http on localhost is accepted', () => {
    expect(problemsOf({ ...good(), PUBLIC_URL: 'http://localhost:3333', TRUST_PROXY: undefined })).toEqual([]);
  });
});

test('the development settings have defaults and limits', () => {
  expect(loadDevelopmentConfig({})).toEqual({ dataDir: '.data', idpPort: 3334, appsPort: 3335 });
  expect(loadDevelopmentConfig({ IDP_PORT: '4000' }).appsPort).toBe(4001);
  expect(loadDevelopmentConfig({ IDP_PORT: '0' }).appsPort).toBe(0);
  expect(loadDevelopmentConfig({ APPS_PORT: '0' }).appsPort).toBe(0);
  expect(() => loadDevelopmentConfig({ IDP_PORT: 'x' })).toThrow(ConfigError);
});

test('.env.example documents each variable, and no other', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../.env.example'), 'utf8');
  const names = [...text.matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map((match) => match[1]);
  expect(names.toSorted()).toEqual([...Object.keys(environment), ...Object.keys(developmentEnvironment)].toSorted());
});

test('.env.example states the defaults as they are', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../.env.example'), 'utf8');
  const example = Object.fromEntries(
    [...text.matchAll(/^# ([A-Z][A-Z_]+)=(.*)$/gm)].map((match) => [match[1], match[2]]),
  );
  const optional = [
    ...['DIRECT_DATABASE_URL', 'APP_URL', 'HOST', 'PRIVATE_IDP_HOSTS', 'DNS_SERVERS'],
    'ACCOUNT_NETWORKS',
    ...['SMTP_URL', 'MAIL_FROM', 'METRICS_TOKEN', 'JOURNAL_DIR'],
  ];
  for (const name of optional) delete example[name];
  const plain = loadConfig(good(), 'production');
  expect(loadConfig({ ...good(), ...example }, 'production')).toEqual({
    ...plain,
    sessionSecrets: expect.anything(),
    encryptionKeys: expect.anything(),
  });
  expect(loadDevelopmentConfig(example)).toEqual(loadDevelopmentConfig({}));
});
