import { startDemoIdp } from '../../src/demo-idp/demo-idp.ts';
import type { DemoTenantOptions } from '../../src/demo-idp/tenant.ts';
import { borrowRsaKeys } from './rsa-keys.ts';

export { answers } from './hostile-answers.ts';
export { startHostileIdp } from './hostile-idp.ts';

export type TestIdp = Awaited<ReturnType<typeof startTestIdp>>;

/**
 * The demo identity provider on a free port. What it logs are faults of its own: they are kept in
 * `faults`.
 */
export async function startTestIdp({ tenants }: { tenants: DemoTenantOptions[] }) {
  const faults: string[] = [];
  const keys = borrowRsaKeys();
  const idp = await startDemoIdp({
    port: 0,
    tenants: tenants.map((tenant) => ({ ...tenant, signingKey: keys.next().privateKey })),
    log: (message) => faults.push(message),
  });
  const stop = async () => {
    await idp.stop();
    keys.giveBack();
  };
  return { ...idp, faults, stop };
}
