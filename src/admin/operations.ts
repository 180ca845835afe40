import type { Operation } from '../api/operation.ts';
import { orgOperations } from './org.ts';

/** Everything an org's administrators do over HTTP, under /api/orgs/current. */
export function createAdminOperations(): readonly Operation[] {
  return [...orgOperations()];
}
