import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { pageOf, pageQuery, readTimeCursor, toTimePage } from '../api/page.ts';
import { listIdentities } from '../users/identities.ts';
import { createPeople } from '../users/people.ts';
import { noSuchPerson } from './change-person.ts';
import { changerOf } from './changer.ts';
import { createEndConfirmed, type EndingDeps } from './end-confirmed.ts';
import { askedBack, askedBackOrConflict, confirmation, confirmationAlone, ended } from './ending-access.ts';
import { forgettingSubjects } from './forgetting-subjects.ts';
import { reference, subject } from './forms.ts';
import { linkingIdentity, unlinkingIdentity } from './linking.ts';

const anExample = '00u1a2b3c4EXAMPLE5d7';

const identity = z
  .object({
    id: idOf('identity'),
    connection: z.object({ id: idOf('connection'), name: z.string().meta({ examples: ['Okta'] }) }),
    issuer: z.string().meta({ examples: ['https://whiterabbit.okta.com'] }),
    subject: z
      .string()
      .describe('What the identity provider calls them: the claim `sub`.')
      .meta({ examples: [anExample] }),
    claimedEmail: z
      .string()
      .nullable()
      .describe('The address that the identity provider named last.')
      .meta({ examples: ['trinity@whiterabbit.fake'] }),
    claimVerified: z.boolean().describe('Whether it called that address verified.'),
    claimedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime().describe('When it was linked.'),
    lastUsedAt: z.iso.datetime().nullable().describe('The last sign-in with it; null: none that is still kept.'),
  })
  .meta({ id: 'Identity' });

export const identityPage = pageOf(identity).meta({ id: 'IdentityPage' });
export const linkedIdentity = z.object({ id: idOf('identity') }).meta({ id: 'LinkedIdentity' });

const newIdentity = z
  .strictObject({
    connection: reference.describe('The id of a connection.'),
    subject: subject.describe('The claim `sub` of its ID tokens.'),
    confirmation,
  })
  .meta({ id: 'NewIdentity' });

const tag = 'People';
const path = '/api/orgs/current/users/{id}/identities';

/** By which accounts at identity providers people are known, and how owners mend that. */
export function identityOperations(deps: EndingDeps): readonly Operation[] {
  const { pool } = deps;
  const endConfirmed = createEndConfirmed(deps);
  const { hasPerson } = createPeople({ pool });

  return [
    operation({
      method: 'get',
      path,
      id: 'listUserIdentities',
      tag,
      summary: 'The accounts at identity providers that a person is known by, the oldest link first',
      permission: 'org.read',
      params: z.object({ id: reference }),
      query: z.object(pageQuery),
      success: {
        status: 200,
        description: 'A page of identities.',
        schema: identityPage,
      },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, query: { limit, cursor } }) => {
        const after = readTimeCursor(cursor);
        if (!(await hasPerson(orgId, id))) throw noSuchPerson();
        return toTimePage(await listIdentities(pool, orgId, id, { limit: limit + 1, after }), limit);
      },
    }),
    operation({
      method: 'post',
      path,
      id: 'linkUserIdentity',
      tag,
      summary: 'Link a person to an account at an identity provider',
      description:
        'Whoever signs in with that subject is this person from then on. No subject is moved: unlink it first where somebody else has it, or where the person has another one at this connection. Without `confirmation` nothing changes: the answer says what it would mean.',
      permission: 'identity.change',
      params: z.object({ id: reference }),
      body: newIdentity,
      bodyExample: { connection: 'con_01example', subject: anExample },
      success: {
        status: 201,
        description: 'The identity that was linked.',
        schema: linkedIdentity,
      },
      also: [askedBackOrConflict],
      problems: ['not_found', 'conflict', 'confirmation_required'],
      handle: async (call) => {
        const { connection: connectionId, subject } = call.body;
        const id = await endConfirmed(
          call,
          linkingIdentity(changerOf(call), call.params.id, { connectionId, subject }),
        );
        return { id };
      },
    }),
    operation({
      // No DELETE: what stands between may refuse one that has a body (RFC 9110 §9.3.5).
      method: 'post',
      path: `${path}/{identityId}/unlinking`,
      id: 'unlinkUserIdentity',
      tag,
      summary: 'Unlink a person from an account at an identity provider',
      description:
        'Ends all of their access. Whoever signs in with that subject afterwards is found by the address that the identity provider names, as at a first sign-in. Without `confirmation` nothing changes: the answer says what it would mean, and whether the connection can link the person again by the address.',
      permission: 'identity.change',
      params: z.object({ id: reference, identityId: reference }),
      body: confirmationAlone,
      bodyExample: {},
      success: { status: 200, description: 'The person is unlinked, and signed out everywhere.', schema: ended },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => endConfirmed(call, unlinkingIdentity(changerOf(call), call.params.id, call.params.identityId)),
    }),
    operation({
      method: 'post',
      path: '/api/orgs/current/connections/{id}/forgotten-subjects',
      id: 'forgetSubjects',
      tag: 'Connections',
      summary: 'Unlink everybody from their accounts at an identity provider',
      description:
        'For an identity provider that calls everybody by another `sub` now, such as Entra ID after the app was registered anew. All access of everybody who was linked ends; of more than 1,000 people, that of the whole organisation. Their next sign-in links them by the address, where the connection may speak for it: look at `effects.linking` before you confirm.',
      permission: 'identity.change',
      params: z.object({ id: reference }),
      body: confirmationAlone,
      bodyExample: {},
      success: {
        status: 200,
        description: 'Nobody is known by a subject of before.',
        schema: z
          .object({
            people: z.int().describe('How many were unlinked.'),
            revocationId: idOf('revocation')
              .nullable()
              .describe('The revocation of the whole organisation, if there was one.'),
          })
          .meta({ id: 'ForgottenSubjects' }),
      },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => endConfirmed(call, forgettingSubjects(changerOf(call), call.params.id)),
    }),
  ];
}
