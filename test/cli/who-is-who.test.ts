import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { createJsonCli, type Env, runCli, runCliAtTerminal } from './processes.ts';

let product: Product;
let env: Env;
let connection: string[];
let userId: string;
beforeAll(async () => {
  product = await startProduct();
  env = product.env;
  userId = product.orgs.whiterabbit.userId;
  connection = ['--connection', product.orgs.whiterabbit.connectionId];
});
afterAll(() => product.stop());

const org = ['--org', 'whiterabbit'];
const { cli, refusal } = createJsonCli(() => env);
const subject = 'whiterabbit-trinity';

describe('the names of a person', () => {
  it('are listed, unlinked and linked, and each ends what was born of it', async () => {
    const browser = await product.signIn();
    const me = async () => (await browser.get('/api/users/me')).status;
    const [identity, ...others] = await cli('user', 'identities', trinity.email, ...org);
    expect([identity.subject, others]).toEqual([subject, []]);
    const table = await runCli(['user', 'identities', trinity.email, ...org], env);
    expect(table.stdout).toMatch(/SUBJECT[\s\S]*whiterabbit-trinity/);

    const unlinked = await cli('user', 'unlink', trinity.email, ...org, ...connection, '--yes');
    expect(unlinked).toMatchObject({ id: identity.id, sessionsEnded: 1, means: expect.any(Array) });
    expect(await me()).toBe(401);
    expect(await cli('user', 'identities', trinity.email, ...org)).toEqual([]);
    expect(await refusal('user', 'unlink', trinity.email, ...org, ...connection, '--yes')).toMatchObject({
      exit: 1,
      code: 'not_found',
    });

    const linked = await cli('user', 'link', trinity.email, ...org, ...connection, '--subject', subject, '--yes');
    expect(linked).toMatchObject({ id: expect.stringMatching(/^idn_/), subject, means: expect.any(Array) });
    expect(
      await refusal('user', 'link', trinity.email, ...org, ...connection, '--subject', subject, '--yes'),
    ).toMatchObject({
      exit: 1,
      code: 'conflict',
    });
  });

  it('are changed, and found by the new address alone', async () => {
    const args = ['user', 'set-email', trinity.email, ' Tiffany@whiterabbit.fake ', ...org];
    expect(await refusal(...args)).toMatchObject({ exit: 2, code: 'usage' });
    expect(await cli(...args, '--yes')).toMatchObject({ id: userId, email: 'Tiffany@whiterabbit.fake' });
    expect(await refusal('user', 'identities', trinity.email, ...org)).toMatchObject({ code: 'user_not_found' });
    expect((await product.revoke({ format: 'email', email: 'tiffany@whiterabbit.fake' })).status).toBe(204);
    const back = await runCli(['user', 'set-email', userId, trinity.email, ...org, '--yes'], env);
    expect(back.stdout).toMatch(/trinity@whiterabbit\.fake means Trinity from then on[\s\S]* is the address now\./);
    expect(await refusal('user', 'set-email', trinity.email, 'nobody', ...org, '--yes')).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('say whom an identity provider called so before', async () => {
    const { id } = await cli('user', 'add', 'switch@whiterabbit.fake', '--name', 'Switch', ...org);
    await product.context.pool.query(
      `UPDATE identities SET claimed_email = $2, claimed_email_key = $2, claim_verified = true, claimed_at = now()
       WHERE org_id = $1 AND user_id = $3`,
      [product.orgs.whiterabbit.id, 'tiff@whiterabbit.fake', userId],
    );
    const { means } = await cli('user', 'set-email', id, 'tiff@whiterabbit.fake', ...org, '--yes');
    expect(means[1]).toMatch(
      / called Trinity \(trinity@whiterabbit\.fake\) so on .* means Switch alone, until Trinity/,
    );
  });

  it('are those of their own organisation', async () => {
    const theirs = ['--org', 'metacortex'];
    for (const args of [
      ['user', 'set-email', userId, 'x@metacortex.fake', ...theirs, '--yes'],
      ['user', 'identities', userId, ...theirs],
      ['user', 'unlink', userId, ...theirs, ...connection, '--yes'],
      ['user', 'link', userId, ...theirs, ...connection, '--subject', 's', '--yes'],
    ])
      expect(await refusal(...args)).toMatchObject({ exit: 1, code: 'user_not_found' });
    const twin = product.orgs.metacortex.userId;
    expect(await refusal('user', 'link', twin, ...theirs, ...connection, '--subject', 's', '--yes')).toMatchObject({
      code: 'not_found',
    });
    expect(await refusal('connection', 'forget-subjects', connection[1] as string, ...theirs, '--yes')).toMatchObject({
      code: 'not_found',
    });
  });
});

it('user erase says at a terminal whom it erases and what that means, and does it after a yes', async () => {
  await cli('user', 'add', 'mouse@whiterabbit.fake', '--name', 'Mouse', ...org);
  const args = ['user', 'erase', 'mouse@whiterabbit.fake', ...org];
  expect(await refusal(...args)).toMatchObject({ exit: 2, code: 'usage' });
  const no = await runCliAtTerminal(args, env, 'no\r');
  expect([no.code, no.stderr]).toEqual([
    1,
    expect.stringContaining('Mouse (mouse@whiterabbit.fake) is removed for good'),
  ]);
  expect(await cli('user', 'identities', 'mouse@whiterabbit.fake', ...org)).toEqual([]);
  const yes = await runCliAtTerminal(args, env, 'yes\r');
  expect([yes.code, yes.stdout]).toEqual([0, expect.stringMatching(/^usr_\w+ is erased; 0 session/)]);
  expect(await refusal(...args, '--yes')).toMatchObject({ exit: 1, code: 'user_not_found' });
});

describe('connection forget-subjects', () => {
  it('says at a terminal what it means, and does it after a yes', async () => {
    const browser = await product.signIn();
    const args = ['connection', 'forget-subjects', connection[1] as string, ...org];
    const no = await runCliAtTerminal(args, env, 'no\r');
    expect([no.code, no.stderr]).toEqual([1, expect.stringContaining('1 person is unlinked from their account at')]);
    expect((await browser.get('/api/users/me')).status).toBe(200);
    const yes = await runCliAtTerminal(args, env, 'yes\r');
    expect([yes.code, yes.stdout]).toEqual([0, 'Unlinked and signed out: 1.\n']);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    const events = await product.context.prisma.auditEvent.findMany({
      where: { action: 'connection.subjects_forgotten' },
    });
    expect(events).toMatchObject([{ actorType: 'operator', targetId: connection[1], detail: { people: 1 } }]);
    // The same subject is linked again by its address, at a fresh sign-in.
    await product.signIn();
  });
});
