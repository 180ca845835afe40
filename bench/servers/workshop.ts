import { randomBytes } from 'node:crypto';
import express from 'express';
import session from 'express-session';
import { answerCalls } from '../child.ts';
import { emailOf, sessionsEach } from '../people.ts';
import { listen } from './listen.ts';

/** MemoryStore keeps each session as JSON under its id. */
const store = new session.MemoryStore() as session.MemoryStore & { sessions: Record<string, string> };
const userIds = new Map<string, number>();
/** The people without sessions since the last `rearm`. */
const signedOut: number[] = [];

function addSessions(people: Iterable<number>) {
  for (const n of people)
    for (let k = 0; k < sessionsEach; k++)
      store.sessions[randomBytes(24).toString('base64url')] = JSON.stringify({
        cookie: { originalMaxAge: 604_800_000, expires: new Date(Date.now() + 604_800_000), httpOnly: true, path: '/' },
        passport: { user: n },
      });
}

/**
 * Okta's workshop at the endpoint: it parses every session of the process and destroys those of the
 * user. Left out in its favour: its query for the user (a Map here), its check of a token. Nor does
 * it wait for the destroys.
 */
answerCalls({
  start({ people }: { people: number }) {
    for (let n = 0; n < people; n++) userIds.set(emailOf(n), n);
    addSessions(userIds.values());
    const app = express();
    app.post('/global-token-revocation', express.json(), (req, res) => {
      const userId = userIds.get(req.body.sub_id.email) as number;
      const ended = Object.keys(store.sessions).filter(
        (sid) => JSON.parse(store.sessions[sid] as string).passport.user === userId,
      );
      for (const sid of ended) store.destroy(sid);
      signedOut.push(userId);
      res.sendStatus(ended.length === sessionsEach ? 204 : 500);
    });
    return listen(app);
  },
  rearm: () => addSessions(signedOut.splice(0)),
  cpu: () => process.cpuUsage(),
});
