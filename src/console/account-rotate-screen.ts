import { accountForReader, accountRotation } from '../admin/account-forms.ts';
import type { Place } from './account-place.ts';
import { trailOfAccounts } from './account-view.ts';
import type { Use } from './operations.ts';
import { renderQuestion } from './parts.ts';
import type { Screen } from './screen.ts';

/** Asks before an account gets a new password. */
export function accountRotateScreen(use: Use, place: Place): Screen {
  const getAccount = use('getAccount', accountForReader);
  const rotateAccount = use('rotateAccount', accountRotation);
  return {
    path: `${place.root}/{id}/rotate`,
    id: place.idOf('AccountRotate'),
    summary: 'Change the password of a shared account now',
    area: place.area,
    recent: true,
    async show(visit) {
      const { texts, params } = visit;
      const words = texts.console.accounts;
      const found = await getAccount(visit, { params });
      return {
        title: words.rotateTitle,
        trail: trailOfAccounts(texts, place, found),
        body: renderQuestion(visit, {
          ask: words.rotateAsk(found),
          text: found.connector === 'manual' ? words.rotateManual : words.rotateText,
          do: 'rotate',
          button: words.rotateButton,
          back: `${place.root}/${found.id}`,
        }),
      };
    },
    acts: {
      rotate: async (visit) => {
        await rotateAccount(visit, { params: visit.params });
        return { to: `${place.root}/${visit.params.id}`, notice: 'rotating' };
      },
    },
  };
}
