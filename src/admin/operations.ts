import type { Pool } from 'pg';
import type { Operation } from '../api/operation.ts';
import type { Devices } from '../sessions/devices.ts';
import { orgOperations } from './org.ts';
import { peopleOperations } from './people.ts';

export type AdminDeps = Readonly<{ pool: Pool; devices: Devices; announce: () => void }>;

/** Everything an org's administrators do over HTTP, under /api/orgs/current. */
export function createAdminOperations(deps: AdminDeps): readonly Operation[] {
  return [...orgOperations(), ...peopleOperations(deps)];
}
