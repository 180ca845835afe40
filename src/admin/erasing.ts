import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import { changerOf } from './changer.ts';
import { createEndConfirmed, type EndingDeps } from './end-confirmed.ts';
import { askedBackOrConflict, confirmationAlone } from './ending-access.ts';
import { erasingPerson } from './erasing-person.ts';
import { reference } from './forms.ts';

export const erased = z
  .object({
    revocationId: z.string().nullable().describe('Null for somebody who had been removed before.'),
    sessionsEnded: z.int(),
    grantsEnded: z.int(),
  })
  .meta({ id: 'Erased' });

/** Removes people with their names on record. */
export function erasingOperations(deps: EndingDeps): readonly Operation[] {
  const endConfirmed = createEndConfirmed(deps);
  return [
    operation({
      method: 'post',
      path: '/api/orgs/current/users/{id}/erasure',
      id: 'eraseUser',
      bodyExample: {},
      tag: 'People',
      summary: 'Remove a person for good, with their names on record',
      description:
        'Ends all of their access, frees their address, deletes their todos, and erases their names and addresses from the record, and the reasons for which their access was ended. Their events stay, under an id that says nothing. Also for somebody who was removed before, by the id in the record. It can’t be undone. Without `confirmation` nothing happens: the answer says what would end.',
      permission: 'people.erase',
      params: z.object({ id: reference }),
      body: confirmationAlone,
      success: { status: 200, description: 'Nothing here says who they were any more.', schema: erased },
      also: [askedBackOrConflict],
      problems: ['not_found', 'conflict', 'confirmation_required'],
      handle: (call) => endConfirmed(call, erasingPerson(changerOf(call), call.params.id)),
    }),
  ];
}
