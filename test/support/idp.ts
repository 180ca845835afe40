import { startDemoIdp } from '../../src/demo-idp/demo-idp.ts';
import type { DemoTenantOptions } from '../../src/demo-idp/tenant.ts';

export { answers } from './hostile-answers.ts';
export { startHostileIdp } from './hostile-idp.ts';

export type TestIdp = Awaited<ReturnType<typeof startTestIdp>>;

/** The demo identity provider on a free port. What it logs are faults of its own: they are kept in `faults`. */
export async function startTestIdp({ tenants }: { tenants: DemoTenantOptions[] }) {
  const faults: string[] = [];
  const idp = await startDemoIdp({ port: 0, tenants, log: (message) => faults.push(message) });
  return { ...idp, faults };
}
