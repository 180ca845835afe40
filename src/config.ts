import { hash } from 'node:crypto';
import { Resolver } from 'node:dns';
import { existsSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/**
 * Everything the backend reads from its environment. `loadConfig` is the only reader of
 * `process.env`; `.env.example` documents each variable, and a test holds it against this schema.
 */
export type Config = Readonly<{
  mode: 'production' | 'development';
  /** The pool connects here; through a pooler if there is one. */
  databaseUrl: string;
  /** For LISTEN and migrations: never through a pooler. Without a pooler, it is databaseUrl. */
  directDatabaseUrl: string;
  databasePoolSize: number;
  port: number;
  /** The address to listen on; null means every address. */
  host: string | null;
  /** The public origin, without a trailing slash. */
  publicUrl: string;
  /** A browser goes here after sign-in; without a trailing slash. */
  appUrl: string;
  /** Secrets that sign the session cookie. The first signs, all verify. */
  sessionSecrets: readonly string[];
  /** 32-byte keys. The first encrypts, all decrypt. */
  encryptionKeys: readonly Uint8Array[];
  /** Express's `trust proxy`: a number of hops or a list of addresses; false without a proxy. */
  trustProxy: false | number | string[];
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Seconds. */
  sessionIdleSeconds: number;
  /** Seconds. */
  sessionAbsoluteSeconds: number;
  /** Seconds without use until an app's grant expires. */
  grantIdleSeconds: number;
  /** Seconds. */
  grantAbsoluteSeconds: number;
  /** The bearer token that /metrics asks for; null: /metrics doesn't exist. */
  metricsToken: string | null;
  /** Hosts of identity providers that may resolve to private addresses. */
  privateIdpHosts: readonly string[];
  /** Networks (CIDR) where the passwords of shared accounts may be changed; empty: nowhere. */
  accountNetworks: readonly string[];
  /** Name servers for checks of domains; empty: the machine's own. */
  dnsServers: readonly string[];
  /** The folder for calls that come while the database is away; null: they are not noted. */
  journalDir: string | null;
  /**
   * Seconds between a revocation and the next start of a sign-in: what whole seconds and the slack
   * of `auth_time` could hide lies after the revocation then. No setting: a constant.
   */
  settleSeconds: number;
  /** The server and the sender of e-mails; null: none is sent. */
  smtp: Readonly<{ url: string; from: string }> | null;
}>;

export type Mode = Config['mode'];

/** Thrown with *all* that is missing or wrong, a line each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const list = (value: string) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const origin = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (
    !url ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.pathname !== '/' ||
    url.search ||
    url.hash ||
    url.username
  ) {
    context.addIssue({ code: 'custom', message: 'must be an origin such as https://app.example.com, without a path' });
    return z.NEVER;
  }
  return url.origin;
});

const databaseUrl = z.string().refine((value) => /^postgres(ql)?:\/\//.test(value) && URL.canParse(value), {
  message: 'must be a PostgreSQL URL such as postgresql://user:password@host:5432/database',
});

const smtpUrl = z
  .string()
  .refine((value) => /^smtps?:\/\//.test(value) && URL.canParse(value) && new URL(value).hostname !== '', {
    message:
      'must be smtp://host:port or smtps://host:port, with user:password@ in front of the host if it asks for them',
  });

// A line break would begin another header.
const mailFrom = z
  .string()
  .regex(/^([^<>@\p{Cc}]+ <[^\s<>@\p{Cc}]+@[^\s<>@\p{Cc}]+>|[^\s<>@\p{Cc}]+@[^\s<>@\p{Cc}]+)$/u, {
    message: 'must be an address, or a name with one: Example <no-reply@example.com>',
  });

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .refine((value) => /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most, {
      message: `must be a whole number from ${least} to ${most}`,
    })
    .transform(Number);

const encryptionKey = z.string().transform((value, context) => {
  const key = Buffer.from(value, 'base64');
  if (key.length !== 32) {
    context.addIssue({ code: 'custom', message: 'each key must be 32 bytes in base64 (openssl rand -base64 32)' });
    return z.NEVER;
  }
  return new Uint8Array(key);
});

const trustProxy = z.string().transform((value, context): false | number | string[] => {
  if (value === 'false' || value === '0') return false;
  if (/^\d$/.test(value)) return Number(value);
  const ranges = list(value);
  const named = ['loopback', 'linklocal', 'uniquelocal'];
  const valid = (range: string) => named.includes(range) || ipaddr.isValid(range) || ipaddr.isValidCIDR(range);
  if (ranges.length > 0 && ranges.every(valid)) return ranges;
  context.addIssue({
    code: 'custom',
    message:
      'must be false, the number of proxies in front, or their addresses (e.g. loopback, 10.0.0.0/8); "true" would trust anyone',
  });
  return z.NEVER;
});

function areNameServers(servers: string[]): boolean {
  try {
    new Resolver().setServers(servers);
    return true;
  } catch {
    return false;
  }
}

/** The variables of the server; `.env.example` holds the same names. */
export const environment = {
  DATABASE_URL: databaseUrl,
  DIRECT_DATABASE_URL: databaseUrl.optional(),
  DATABASE_POOL_SIZE: wholeNumber(4, 500).default(16),
  PORT: wholeNumber(0, 65535).default(3333),
  HOST: z.string().min(1).optional(),
  PUBLIC_URL: origin,
  APP_URL: origin.optional(),
  SESSION_SECRETS: z
    .string()
    .transform(list)
    .refine((secrets) => secrets.length > 0 && secrets.every((secret) => secret.length >= 32), {
      message: 'needs one or more secrets of at least 32 characters, separated by commas (openssl rand -hex 32)',
    }),
  ENCRYPTION_KEYS: z
    .string()
    .transform(list)
    .pipe(z.array(encryptionKey).min(1, 'needs one or more keys, separated by commas')),
  TRUST_PROXY: trustProxy.default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SESSION_IDLE_SECONDS: wholeNumber(60, 31_536_000).default(12 * 3600),
  SESSION_ABSOLUTE_SECONDS: wholeNumber(60, 31_536_000).default(7 * 24 * 3600),
  GRANT_IDLE_SECONDS: wholeNumber(600, 31_536_000).default(14 * 24 * 3600),
  GRANT_ABSOLUTE_SECONDS: wholeNumber(600, 31_536_000).default(90 * 24 * 3600),
  METRICS_TOKEN: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{16,}=*$/, 'must be a bearer token of at least 16 characters (openssl rand -hex 32)')
    .optional(),
  PRIVATE_IDP_HOSTS: z.string().transform(list).default([]),
  ACCOUNT_NETWORKS: z
    .string()
    .transform(list)
    .refine((networks) => networks.every((network) => ipaddr.isValidCIDR(network)), {
      message: 'must be networks such as 10.20.0.0/16, 2001:db8:5::/48, 192.0.2.7/32, separated by commas',
    })
    .optional(),
  DNS_SERVERS: z
    .string()
    .transform(list)
    .refine(areNameServers, {
      message: 'must be addresses with or without a port, e.g. 10.0.0.53, [2001:db8::53]:5353',
    })
    .default([]),
  SMTP_URL: smtpUrl.optional(),
  MAIL_FROM: mailFrom.optional(),
  JOURNAL_DIR: z.string().min(1).optional(),
};

/** Variables that only `npm run dev` and the command line read. */
export const developmentEnvironment = {
  DATA_DIR: z.string().min(1).default('.data'),
  IDP_PORT: wholeNumber(0, 65535).default(3334),
  APPS_PORT: wholeNumber(0, 65533).optional(),
  CLIENT_SECRET: z.string().min(1).optional(),
};

/** Adds the variables of `.env` in the working folder; those of the environment win. */
export function readEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}

export type Environment = Readonly<Record<string, string | undefined>>;
type Values = z.output<z.ZodObject<typeof environment>>;

/** Reads and checks the environment. @throws ConfigError with all that is missing or wrong */
export function loadConfig(env: Environment, mode: Mode): Config {
  const problems: string[] = [];
  const parsed: Partial<Values> = {};
  const given = withoutBlanks(env);
  // Each variable is parsed by itself: a wrong one hides no contradiction among the others.
  for (const [name, form] of Object.entries(environment)) {
    const outcome = form.safeParse(given[name]);
    if (outcome.success) Object.assign(parsed, { [name]: outcome.data });
    else problems.push(...outcome.error.issues.map(({ message }) => describe(name, message, env)));
  }
  problems.push(...contradictions(parsed, mode));
  // The check is for presence: an unreadable value has a problem of its own.
  if (given.SMTP_URL && !given.MAIL_FROM) problems.push('MAIL_FROM is missing: with SMTP_URL the sender must be named');
  if (given.MAIL_FROM && !given.SMTP_URL) problems.push('SMTP_URL is missing: MAIL_FROM alone sends no e-mail');
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  const data = parsed as Values;
  return {
    mode,
    databaseUrl: data.DATABASE_URL,
    directDatabaseUrl: data.DIRECT_DATABASE_URL ?? data.DATABASE_URL,
    databasePoolSize: data.DATABASE_POOL_SIZE,
    port: data.PORT,
    // Everybody knows development's API keys: by default no other machine should reach the server.
    host: data.HOST ?? (mode === 'development' ? '127.0.0.1' : null),
    publicUrl: data.PUBLIC_URL,
    appUrl: data.APP_URL ?? data.PUBLIC_URL,
    sessionSecrets: data.SESSION_SECRETS,
    encryptionKeys: data.ENCRYPTION_KEYS,
    trustProxy: data.TRUST_PROXY,
    logLevel: data.LOG_LEVEL,
    sessionIdleSeconds: data.SESSION_IDLE_SECONDS,
    sessionAbsoluteSeconds: data.SESSION_ABSOLUTE_SECONDS,
    grantIdleSeconds: data.GRANT_IDLE_SECONDS,
    grantAbsoluteSeconds: data.GRANT_ABSOLUTE_SECONDS,
    metricsToken: data.METRICS_TOKEN ?? null,
    privateIdpHosts: data.PRIVATE_IDP_HOSTS,
    accountNetworks: accountNetworksOf(mode, data.ACCOUNT_NETWORKS),
    dnsServers: data.DNS_SERVERS,
    journalDir: data.JOURNAL_DIR ?? null,
    settleSeconds: 3,
    smtp: data.SMTP_URL && data.MAIL_FROM ? { url: data.SMTP_URL, from: data.MAIL_FROM } : null,
  };
}

/** Where shared accounts may be: nowhere unless the operator says so, but for this machine in development. */
export const accountNetworksOf = (mode: Mode, given: readonly string[] | undefined): readonly string[] =>
  given ?? (mode === 'development' ? ['127.0.0.0/8', '::1/128'] : []);

/** Data folder and ports of `npm run dev` and the command line. */
export function loadDevelopmentConfig(env: Environment): { dataDir: string; idpPort: number; appsPort: number } {
  const parsed = z.object(developmentEnvironment).safeParse(withoutBlanks(env));
  if (!parsed.success) throw wrongVariables(parsed.error, env);
  const { DATA_DIR: dataDir, IDP_PORT: idpPort } = parsed.data;
  // The ports next to the identity provider's; 0 is any free one.
  return { dataDir, idpPort, appsPort: parsed.data.APPS_PORT ?? (idpPort === 0 ? 0 : idpPort + 1) };
}

/** The ConfigError for a form whose members are variables. */
export function wrongVariables({ issues }: z.ZodError, env: Environment): ConfigError {
  return new ConfigError(issues.map(({ path, message }) => describe(String(path[0]), message, env)));
}

/** A blank line in an env file means "not set". */
function withoutBlanks(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''));
}

/** Never prints the value: it may be a secret. */
function describe(name: string, message: string, env: Environment): string {
  return env[name]?.trim() ? `${name} ${message}` : `${name} is missing`;
}

/** The contradictions among variables that could be read. */
function contradictions(data: Partial<Values>, mode: Mode): string[] {
  const problems: string[] = [];
  const https = data.PUBLIC_URL?.startsWith('https:');
  if (mode === 'production' && data.PUBLIC_URL && !https && !isLoopback(data.PUBLIC_URL))
    problems.push(
      'PUBLIC_URL must be https (the draft, §3.1, and Secure cookies ask for it); http is accepted on localhost only',
    );
  if (https && data.TRUST_PROXY === false)
    problems.push(
      'TRUST_PROXY is missing: with an https PUBLIC_URL the proxy that ends TLS must be named, or no cookie is ever set',
    );
  const { SESSION_IDLE_SECONDS: idle, SESSION_ABSOLUTE_SECONDS: absolute } = data;
  if (idle !== undefined && absolute !== undefined && idle > absolute)
    problems.push('SESSION_IDLE_SECONDS must not be greater than SESSION_ABSOLUTE_SECONDS');
  const { GRANT_IDLE_SECONDS: grantIdle, GRANT_ABSOLUTE_SECONDS: grantAbsolute } = data;
  if (grantIdle !== undefined && grantAbsolute !== undefined && grantIdle > grantAbsolute)
    problems.push('GRANT_IDLE_SECONDS must not be greater than GRANT_ABSOLUTE_SECONDS');
  const digests = (data.ENCRYPTION_KEYS ?? []).map((key) => hash('sha256', key, 'hex'));
  if (new Set(digests).size !== digests.length) problems.push('ENCRYPTION_KEYS holds the same key twice');
  return problems;
}

export function isLoopback(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
}
