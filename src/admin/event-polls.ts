import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { AppError } from '../errors.ts';
import { type EventPollRow, type EventPolls, pollAuth, pollForm } from '../signals/event-polls.ts';
import { reference } from './forms.ts';

const common = {
  path: '/api/orgs/current/connections/{id}/event-poll',
  tag: 'Connections',
  params: z.object({ id: reference }),
} as const;

const newPoll = pollForm.meta({ id: 'NewEventPoll' });

export const eventPoll = z
  .object({
    endpoint: z.string().meta({ examples: ['https://idp.example/ssf/poll/7d1c5e0f'] }),
    auth: pollAuth.meta({ examples: [{ method: 'bearer' }] }),
    answeredAt: z.iso.datetime().nullable().describe('When the last poll was answered. null: none was yet.'),
    failures: z
      .int()
      .describe('Failures since then.')
      .meta({ examples: [0] }),
    error: z
      .string()
      .nullable()
      .describe('A word: why the last poll failed.')
      .meta({ examples: [null] }),
  })
  .meta({ id: 'EventPoll' });

/** Fetching a connection's security events, beside having them pushed (RFC 8936). */
export function eventPollOperations({ eventPolls }: { eventPolls: EventPolls }): readonly Operation[] {
  return [
    operation({
      ...common,
      method: 'get',
      id: 'getEventPoll',
      summary: 'Where its security events are fetched',
      permission: 'org.read',
      success: { status: 200, description: 'The settings, and how it goes.', schema: eventPoll },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id } }) => present(await eventPolls.find(orgId, id)),
    }),
    operation({
      ...common,
      method: 'put',
      id: 'setEventPoll',
      summary: 'Fetch its security events',
      description:
        'For a transmitter that is polled (RFC 8936), in place of pushes. What comes does what pushed events do, and what was carried out is acknowledged. The connection must be active, and the events be signed by its identity provider for this client, or for the address of pushes.',
      permission: 'identity.change',
      body: newPoll,
      bodyExample: {
        endpoint: 'https://idp.example/ssf/poll/7d1c5e0f',
        auth: { method: 'bearer' },
        credential: 'the-token-of-the-stream',
      },
      success: { status: 200, description: 'It begins at once.', schema: eventPoll },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, body, by }) => present(await eventPolls.set(orgId, id, body, by)),
    }),
    operation({
      ...common,
      method: 'delete',
      id: 'removeEventPoll',
      summary: 'Fetch its security events no more',
      permission: 'identity.change',
      success: { status: 204, description: 'Nothing is fetched any more.' },
      problems: ['not_found'],
      handle: async ({ orgId, params: { id }, by }) => {
        if (!(await eventPolls.remove(orgId, id, by))) throw missing();
      },
    }),
  ];
}

function present(row: EventPollRow | null) {
  if (!row) throw missing();
  const { endpoint, auth, answeredAt, failures, error } = row;
  return { endpoint, auth, answeredAt, failures, error };
}

const missing = () =>
  new AppError('not_found', 'Your organisation has no such connection, or fetches no security events of it.');
