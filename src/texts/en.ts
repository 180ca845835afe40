import { accounts } from './en/accounts.ts';
import { answerTexts } from './en/answers.ts';
import { consoleAccounts } from './en/console/accounts.ts';
import { consoleAdministrators } from './en/console/administrators.ts';
import { consoleApiKeys } from './en/console/api-keys.ts';
import { consoleApps } from './en/console/apps.ts';
import { consoleAuthentication } from './en/console/authentication.ts';
import { consoleConnection } from './en/console/connection.ts';
import { consoleConnectionSettings } from './en/console/connection-settings.ts';
import { consoleDomains } from './en/console/domains.ts';
import { consoleFrame } from './en/console/frame.ts';
import { consoleIdentity } from './en/console/identity.ts';
import { consoleIdpVendors } from './en/console/idp-vendors.ts';
import { consoleMeanwhile } from './en/console/meanwhile.ts';
import { consoleNotifications } from './en/console/notifications.ts';
import { consoleOrganisation } from './en/console/organisation.ts';
import { consoleOverview } from './en/console/overview.ts';
import { consolePeople } from './en/console/people.ts';
import { consoleProblems } from './en/console/problems.ts';
import { consoleProvisioning } from './en/console/provisioning.ts';
import { consoleRecord } from './en/console/record.ts';
import { consoleSettings } from './en/console/settings.ts';
import { consoleTrial } from './en/console/trial.ts';
import { accountMail, accountTaskMail, digest } from './en/email.ts';
import { language } from './en/forms.ts';
import { notifications } from './en/notifications.ts';
import { pages } from './en/pages.ts';
import { refusalTexts } from './en/refusals.ts';
import { rotationErrors } from './en/rotation-errors.ts';
import { signingIn } from './en/signing-in.ts';
import { whoIsWho } from './en/who-is-who.ts';
import { whyRefusedTexts } from './en/why-refused.ts';

/**
 * English. A text is a string, or a function of its parts. No text holds markup: a page puts its
 * own around the parts. Texts under `script` are for a page's script.
 */
export const en = {
  /** The BCP 47 tag, for `<html lang>` and Accept-Language. */
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
