import type { Keyring } from '../keyring.ts';
import { accountAccessScreen } from './account-access-screen.ts';
import { accountHistoryScreens } from './account-history-screens.ts';
import { accountImportScreen } from './account-import-screen.ts';
import { accountKeyScreen } from './account-key-screen.ts';
import { accountListScreen } from './account-list-screen.ts';
import { accountPasswordScreens } from './account-password-screens.ts';
import { places } from './account-place.ts';
import { accountRemovalScreen } from './account-removal-screen.ts';
import { accountRotateScreen } from './account-rotate-screen.ts';
import { accountScreen } from './account-screen.ts';
import { accountSettingsScreen } from './account-settings-screen.ts';
import { accountTakeScreen } from './account-take-screen.ts';
import { newAccountScreens } from './new-account-screens.ts';
import type { Use } from './operations.ts';
import { ownAccountsScreen } from './own-accounts-screen.ts';
import { rotationScreen } from './rotation-screen.ts';
import type { Screen } from './screen.ts';

/** The shared accounts: those of the organisation, and those that a person may use or manages. */
export const accountScreens = (use: Use, keyring: Keyring): readonly Screen[] => [
  accountListScreen(use),
  rotationScreen(use),
  // Ahead of an account's own page: neither is an id.
  ...newAccountScreens(use),
  accountImportScreen(use, keyring),
  accountKeyScreen(use),
  accountRemovalScreen(use),
  ownAccountsScreen(use),
  ...places.flatMap((place) => [
    accountScreen(use, place),
    accountAccessScreen(use, place),
    accountSettingsScreen(use, place),
    ...accountPasswordScreens(use, place),
    accountRotateScreen(use, place),
    accountTakeScreen(use, place),
    ...accountHistoryScreens(use, place),
  ]),
];
