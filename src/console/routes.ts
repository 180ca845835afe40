import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Endpoint } from '../api/endpoint.ts';
import type { Operation } from '../api/operation.ts';
import type { Keyring } from '../keyring.ts';
import { administrators } from '../me/administrators.ts';
import { accountScreens } from './account-screens.ts';
import { administratorScreens } from './administrator-screens.ts';
import { apiKeyScreens } from './api-key-screens.ts';
import { appPeopleImportScreen } from './app-people-import-screen.ts';
import { appPeopleScreen } from './app-people-screen.ts';
import { appQuestionScreens } from './app-question-screens.ts';
import { appScreen } from './app-screen.ts';
import { appScreens } from './app-screens.ts';
import { appSettingsScreen } from './app-settings-screen.ts';
import { connectionScreens } from './connection-screens.ts';
import { deliveryScreens } from './delivery-screens.ts';
import { domainScreens } from './domain-screens.ts';
import { everyoneScreens } from './everyone-screens.ts';
import { createFailures } from './failures.ts';
import { forwardScreens } from './forward-screens.ts';
import { groupScreens } from './group-screens.ts';
import { createKeptForms } from './kept-forms.ts';
import { newAppScreens } from './new-app-screens.ts';
import { createShowNothing } from './nothing.ts';
import { notificationScreens } from './notification-screens.ts';
import { createUse } from './operations.ts';
import { organisationScreens } from './organisation-screens.ts';
import { overviewScreens } from './overview-screen.ts';
import { peopleScreens } from './people-screens.ts';
import { personScreens } from './person-screen.ts';
import { policyScreens } from './policy-screens.ts';
import { provisioningScreen } from './provisioning-screen.ts';
import { recordScreens } from './record-screens.ts';
import { revocationListScreens } from './revocation-list-screen.ts';
import { revocationScreens } from './revocation-screens.ts';
import { createSealedSearches } from './sealed-search.ts';
import { type ConsoleDeps, toConsoleEndpoints } from './serve.ts';
import { settingsScreens } from './settings-screen.ts';
import { signOutListScreens } from './sign-out-list-screen.ts';
import { signOutScreens } from './sign-out-screen.ts';
import { webhookScreens } from './webhook-screens.ts';

/** The console's pages, below /admin: the operations of the administration, for people. */
export function createConsole(
  deps: Omit<ConsoleDeps, 'keptForms' | 'listMyAdministrators'> & Readonly<{ keyring: Keyring }>,
  operations: readonly Operation[],
): Readonly<{ pages: readonly Endpoint[]; showNothing: RequestHandler; showFailures: ErrorRequestHandler }> {
  const use = createUse(deps, operations);
  const searches = createSealedSearches(deps);
  const screens = [
    ...overviewScreens(use),
    ...peopleScreens(use),
    ...personScreens(use),
    ...signOutScreens(use),
    // Ahead of a revocation's own page: /admin/revocations/refused is no id.
    ...revocationListScreens(use),
    ...signOutListScreens(use, searches),
    ...revocationScreens(use, deps.config, searches),
    ...groupScreens(use),
    ...everyoneScreens(use),
    ...appScreens(use),
    // Ahead of an app's own page: /admin/apps/new is no id.
    ...newAppScreens(use, deps.config),
    appScreen(use, deps.config),
    appSettingsScreen(use, deps.config),
    ...appQuestionScreens(use, deps.config),
    appPeopleScreen(use),
    appPeopleImportScreen(use),
    ...forwardScreens(use),
    ...accountScreens(use, deps.keyring),
    ...recordScreens(use),
    ...notificationScreens(use),
    ...webhookScreens(use),
    ...deliveryScreens(use),
    ...settingsScreens(use),
    ...policyScreens(use),
    ...apiKeyScreens(use),
    ...administratorScreens(use),
    ...organisationScreens(use),
    ...connectionScreens(use),
    ...domainScreens(use),
    provisioningScreen(use),
  ];
  const frame = {
    ...deps,
    keptForms: createKeptForms(deps),
    listMyAdministrators: use('listMyAdministrators', administrators),
  };
  return {
    pages: screens.flatMap((screen) => toConsoleEndpoints(frame, screen)),
    showNothing: createShowNothing(frame),
    showFailures: createFailures(frame, screens),
  };
}
