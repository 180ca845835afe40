import { ended, endedDevice } from '../admin/ending-access.ts';
import { reasonOf } from './endings.ts';
import type { Use } from './operations.ts';
import { confirmedBy, personEndingScreen } from './person-ending.ts';
import type { Done, Screen, Visit } from './screen.ts';

/** Signs a person out of everything, or of one thing. */
export function signOutScreens(use: Use): readonly Screen[] {
  const revokeUser = use('revokeUser', ended);
  const revokeUserSession = use('revokeUserSession', endedDevice);
  const shared = { permission: 'access.end', do: 'sign-out' } as const;
  const body = (visit: Visit) => ({ ...reasonOf(visit.given), ...confirmedBy(visit) });
  const toReceipt = ({ revocationId }: { revocationId: string }): Done => ({
    to: `/admin/revocations/${revocationId}`,
    notice: 'signedOut',
  });
  return [
    personEndingScreen({
      ...shared,
      path: '/admin/people/{id}/sign-out',
      id: 'showSignOut',
      summary: 'Sign a person out',
      ask: (visit) => revokeUser(visit, { params: visit.params, body: {} }),
      question({ texts }, { name }) {
        const words = texts.console.signOut;
        return { title: words.title, ask: words.ask({ name }), text: words.again };
      },
      end: async (visit) => toReceipt(await revokeUser(visit, { params: visit.params, body: body(visit) })),
    }),
    personEndingScreen({
      ...shared,
      path: '/admin/people/{id}/sessions/{sessionId}/sign-out',
      id: 'showSessionSignOut',
      summary: 'Sign a person out of one browser or app',
      ask: (visit) => revokeUserSession(visit, { params: visit.params, body: {} }),
      question({ texts }, { name, effects }) {
        const words = texts.console.signOut;
        const device = effects.sessions[0]?.device ?? '';
        return { title: words.title, ask: words.askOne({ name, device }), text: words.onlyThis };
      },
      end: async (visit) => toReceipt(await revokeUserSession(visit, { params: visit.params, body: body(visit) })),
    }),
  ];
}
