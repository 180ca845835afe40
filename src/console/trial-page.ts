import type { Feed } from '../notifications/feed.ts';
import type { ShowTrial } from '../sign-in/complete-trial.ts';
import { textsFor } from '../web/language.ts';
import { renderMessage } from '../web/message-page.ts';
import { sendPage } from '../web/send-page.ts';
import { renderConsole } from './frame.ts';
import { viewOfTrial } from './trial-report-view.ts';

/**
 * Shows what a trial of a sign-in found, in the console's frame, as the answer to the callback
 * itself: it is kept nowhere.
 */
export function createShowTrial({ feed }: { feed: Feed }): ShowTrial {
  return async (req, res, shown) => {
    const texts = textsFor(req, res);
    if (!shown) {
      const { title, text } = texts.console.trial.over;
      const actions = [{ label: texts.console.areas.overview, href: '/admin' }];
      return sendPage(res, 403, () => renderMessage(texts, { title, text, actions, requestId: req.id }));
    }
    const { principal, report } = shown;
    const unread = await feed.state(principal.orgId, principal.userId).then(
      ({ unreadCount }) => unreadCount,
      () => null,
    );
    const view = viewOfTrial(texts, report);
    // The callback's `no-referrer` would have browsers post the page's forms as from no origin.
    res.set('Referrer-Policy', 'same-origin');
    sendPage(res, 200, () =>
      renderConsole(texts, { principal, view, area: 'settings', notice: null, unread, problem: null }),
    );
  };
}
