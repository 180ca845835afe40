import { accountRequests } from './account-requests.ts';
import { administrationRequests } from './administration-requests.ts';
import { appRequests } from './app-requests.ts';
import { eventRequests } from './event-requests.ts';
import { notificationPageRequests } from './notification-page-requests.ts';
import { oauthRequests } from './oauth-requests.ts';
import { peopleListRequests } from './people-list-requests.ts';
import { personRequests } from './person-requests.ts';
import { scimRequests } from './scim-requests.ts';
import { signInRequests } from './sign-in-requests.ts';
import { signalRequests } from './signal-requests.ts';
import type { World } from './world.ts';

/**
 * By operation id: asks it, at least once with success, and with what it refuses where that is
 * easily had.
 */
export type Requests = Record<string, (world: World) => Promise<unknown>>;

export const requests: Requests = {
  ...personRequests,
  ...peopleListRequests,
  ...signInRequests,
  ...oauthRequests,
  ...signalRequests,
  ...scimRequests,
  ...notificationPageRequests,
  ...appRequests,
  ...eventRequests,
  ...accountRequests,
  // Last: these change policies and end access.
  ...administrationRequests,
};
