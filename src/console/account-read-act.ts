import { accountForReader } from '../admin/account-forms.ts';
import { revealed } from '../me/accounts.ts';
import type { Place } from './account-place.ts';
import { viewOfPassword } from './account-reading.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { type Act, textOf } from './screen.ts';

/** What the button beside a version does: shows that password, once. */
export function createReadAct(use: Use, place: Place): Act {
  const getAccount = use('getAccount', accountForReader);
  const revealVersion = use('revealAccountVersion', revealed);
  return async (visit) => {
    const { id = '' } = visit.params;
    const found = await getAccount(visit, { params: { id } });
    const read = await revealVersion(visit, { params: { id, version: textOf(visit.given, 'version') } });
    return viewOfPassword(
      visit,
      { ...found, ...read, isCurrent: read.version === found.version },
      { back: `${place.root}/${found.id}`, trail: trailOfAccounts(visit.texts, place, found) },
    );
  };
}
