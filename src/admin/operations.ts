import type { Pool } from 'pg';
import { createAccounts } from '../accounts/accounts.ts';
import { createConnectors } from '../accounts/connectors/all.ts';
import { createRights } from '../accounts/rights.ts';
import { createVault } from '../accounts/vault.ts';
import type { Operation } from '../api/operation.ts';
import type { Config } from '../config.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { createAppPeople } from '../downstream/app-people.ts';
import { createApps } from '../downstream/apps.ts';
import { createForwards } from '../downstream/forwards.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { InTurn } from '../http/turns.ts';
import type { Keyring } from '../keyring.ts';
import type { Deliveries } from '../notifications/deliveries.ts';
import type { Feed } from '../notifications/feed.ts';
import type { Webhooks } from '../notifications/webhooks.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { createLooks } from '../orgs/looks.ts';
import { createOrgs } from '../orgs/orgs.ts';
import type { Devices } from '../sessions/devices.ts';
import { createEventPolls } from '../signals/event-polls.ts';
import { createIfManages } from './account-access.ts';
import { accountHistoryOperations } from './account-history.ts';
import { accountRightOperations } from './account-rights.ts';
import { accountRotationOperations } from './account-rotations.ts';
import { accountOperations } from './accounts.ts';
import { apiKeyOperations } from './api-keys.ts';
import { appPeopleOperations } from './app-people.ts';
import { appOperations, type SendTest } from './apps.ts';
import { auditEventOperations } from './audit-events.ts';
import { changingConnectionOperations } from './changing-connections.ts';
import { checkingConnectionOperations } from './checking-connections.ts';
import { connectionOperations } from './connections.ts';
import { deliveryOperations } from './deliveries.ts';
import { domainOperations } from './domains.ts';
import { endingAccessOperations } from './ending-access.ts';
import { erasingOperations } from './erasing.ts';
import { eventPollOperations } from './event-polls.ts';
import { exportingPeopleOperations } from './exporting-people.ts';
import { exportingTogetherOperations } from './exporting-together.ts';
import { findingPeopleOperations } from './finding-people.ts';
import { forwardOperations } from './forwards.ts';
import { groupOperations } from './groups.ts';
import { identityOperations } from './identities.ts';
import { importingAccountOperations } from './importing-accounts.ts';
import { lookOperations } from './look.ts';
import { losingAccountOperations } from './losing-accounts.ts';
import { notificationOperations } from './notifications.ts';
import { orgOperations } from './org.ts';
import { createOutwardLimit } from './outward-limit.ts';
import { overviewOperations } from './overview.ts';
import { peopleOperations } from './people.ts';
import { policyOperations } from './policies.ts';
import { refusedCallOperations } from './refused-calls.ts';
import { revocationOperations } from './revocations.ts';
import { toldOperations } from './told-of-revocation.ts';
import { webhookOperations } from './webhooks.ts';

export type AdminDeps = Readonly<{
  config: Config;
  pool: Pool;
  accessPool: Pool;
  inTurn: InTurn;
  prisma: PrismaClient;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  apiKeys: ApiKeys;
  devices: Devices;
  clientNames: ReadonlyMap<string, string>;
  announce: () => void;
  feed: Feed;
  /** Whether SMTP is set up. */
  emailAvailable: boolean;
  webhooks: Webhooks;
  /** Calls webhooks, under stricter rules than identity providers. */
  webhookFetch: GuardedFetch;
  deliveries: Deliveries;
  sendTest: SendTest;
  wakeForwarder: () => void;
}>;

/** Everything an org's administrators do over HTTP, under /api/orgs/current. */
export function createAdminOperations(deps: AdminDeps): readonly Operation[] {
  const orgs = createOrgs(deps);
  const apps = createApps({ ...deps, appFetch: deps.webhookFetch });
  const forwards = createForwards({ ...deps, wake: deps.wakeForwarder });
  const accounts = {
    ...deps,
    vault: createVault(deps),
    accounts: createAccounts(deps),
    rights: createRights(deps),
    ifManages: createIfManages(deps),
  };
  const lookOutward = createOutwardLimit();
  return [
    ...orgOperations({ orgs }),
    ...lookOperations({ ...deps, looks: createLooks(deps) }),
    ...overviewOperations(deps),
    // Before a person's own address, which theirs would be taken for.
    ...exportingPeopleOperations(deps),
    ...findingPeopleOperations(deps),
    ...peopleOperations(deps),
    ...identityOperations(deps),
    ...groupOperations(deps),
    ...erasingOperations(deps),
    ...endingAccessOperations(deps),
    ...revocationOperations(deps),
    ...exportingTogetherOperations(deps),
    ...toldOperations(deps),
    ...refusedCallOperations(deps),
    ...auditEventOperations(deps),
    ...notificationOperations(deps),
    ...webhookOperations(deps),
    ...deliveryOperations(deps),
    ...appOperations({ ...deps, apps, lookOutward }),
    ...appPeopleOperations({ apps, people: createAppPeople(deps) }),
    ...forwardOperations({ forwards }),
    // Before an account's own address, which this would be taken for.
    ...importingAccountOperations(accounts),
    ...accountOperations(accounts),
    ...losingAccountOperations(deps),
    ...accountRightOperations(accounts),
    ...accountHistoryOperations(accounts),
    ...accountRotationOperations({ ...accounts, ...createConnectors(deps), lookOutward }),
    ...policyOperations({ ...deps, orgs }),
    ...connectionOperations(deps),
    ...eventPollOperations({ eventPolls: createEventPolls(deps) }),
    ...changingConnectionOperations({ ...deps, lookOutward }),
    ...checkingConnectionOperations({ ...deps, lookOutward }),
    ...domainOperations(deps),
    ...apiKeyOperations(deps),
  ];
}
