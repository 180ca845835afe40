import { accounts } from './de/accounts.ts';
import { answerTexts } from './de/answers.ts';
import { consoleAccounts } from './de/console/accounts.ts';
import { consoleAdministrators } from './de/console/administrators.ts';
import { consoleApiKeys } from './de/console/api-keys.ts';
import { consoleApps } from './de/console/apps.ts';
import { consoleAuthentication } from './de/console/authentication.ts';
import { consoleConnection } from './de/console/connection.ts';
import { consoleConnectionSettings } from './de/console/connection-settings.ts';
import { consoleDomains } from './de/console/domains.ts';
import { consoleFrame } from './de/console/frame.ts';
import { consoleIdentity } from './de/console/identity.ts';
import { consoleIdpVendors } from './de/console/idp-vendors.ts';
import { consoleMeanwhile } from './de/console/meanwhile.ts';
import { consoleNotifications } from './de/console/notifications.ts';
import { consoleOrganisation } from './de/console/organisation.ts';
import { consoleOverview } from './de/console/overview.ts';
import { consolePeople } from './de/console/people.ts';
import { consoleProblems } from './de/console/problems.ts';
import { consoleProvisioning } from './de/console/provisioning.ts';
import { consoleRecord } from './de/console/record.ts';
import { consoleSettings } from './de/console/settings.ts';
import { consoleTrial } from './de/console/trial.ts';
import { accountMail, accountTaskMail, digest } from './de/email.ts';
import { language } from './de/forms.ts';
import { notifications } from './de/notifications.ts';
import { pages } from './de/pages.ts';
import { refusalTexts } from './de/refusals.ts';
import { rotationErrors } from './de/rotation-errors.ts';
import { signingIn } from './de/signing-in.ts';
import { whoIsWho } from './de/who-is-who.ts';
import { whyRefusedTexts } from './de/why-refused.ts';
import type { en } from './en.ts';

/** German. */
export const de: typeof en = {
  language,
  ...pages,
  ...signingIn,
  ...refusalTexts,
  ...answerTexts,
  accounts,
  rotationErrors,
  ...whyRefusedTexts,
  whoIsWho,
  notifications,
  accountMail,
  accountTaskMail,
  digest,
  console: {
    ...consoleFrame,
    ...consoleMeanwhile,
    ...consolePeople,
    ...consoleOverview,
    ...consoleProblems,
    ...consoleRecord,
    ...consoleNotifications,
    ...consoleSettings,
    ...consoleAuthentication,
    ...consoleApiKeys,
    ...consoleApps,
    ...consoleAccounts,
    ...consoleAdministrators,
    ...consoleOrganisation,
    ...consoleIdentity,
    ...consoleConnection,
    ...consoleIdpVendors,
    ...consoleConnectionSettings,
    ...consoleTrial,
    ...consoleDomains,
    ...consoleProvisioning,
  },
};
