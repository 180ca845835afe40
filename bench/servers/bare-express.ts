import express from 'express';
import { answerCalls } from '../child.ts';
import { listen } from './listen.ts';

/**
 * The cost of Express alone: a POST with parsed JSON, and a GET with as much JSON as the product's.
 */
answerCalls({
  start() {
    const app = express();
    app.post('/global-token-revocation', express.json(), (_req, res) => {
      res.status(204).end();
    });
    app.get('/api/users/me', (_req, res) => {
      res.json({
        id: 'usr_00000000000000000000000000000000',
        name: 'Person 1234',
        email: 'user1234@org4.example',
        orgId: 'org_00000000000000000000000000000000',
        org: 'Organisation 4',
        orgSlug: 'org-4',
        role: 'member',
      });
    });
    return listen(app);
  },
  cpu: () => process.cpuUsage(),
});
