import type { Operation } from '../api/operation.ts';
import type { Config } from '../config.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import type { Keyring } from '../keyring.ts';
import { createOrgs } from '../orgs/orgs.ts';
import { orgOperations } from './org.ts';
import { policyOperations } from './policies.ts';

/** Everything an org's administrators do over HTTP, under /api/orgs/current. */
export function createAdminOperations(deps: {
  config: Config;
  prisma: PrismaClient;
  keyring: Keyring;
}): readonly Operation[] {
  const orgs = createOrgs(deps);
  return [...orgOperations(), ...policyOperations({ ...deps, orgs })];
}
