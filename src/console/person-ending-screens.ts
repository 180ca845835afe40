import { ended } from '../admin/ending-access.ts';
import { erased } from '../admin/erasing.ts';
import { person } from '../admin/people.ts';
import { AppError } from '../errors.ts';
import { endingButton } from './endings.ts';
import type { Use } from './operations.ts';
import { renderCheck } from './parts.ts';
import { confirmedBy, personEndingScreen } from './person-ending.ts';
import { isChecked, type Screen } from './screen.ts';

/** Switches a person off, and erases one. */
export function personEndingScreens(use: Use): readonly Screen[] {
  const revokeUser = use('revokeUser', ended);
  const changeUser = use('changeUser', person);
  const eraseUser = use('eraseUser', erased);
  return [
    personEndingScreen({
      path: '/admin/people/{id}/switch-off',
      id: 'showSwitchOff',
      summary: 'Switch a person off',
      permission: 'people.change',
      // Switching off ends what a sign-out ends.
      ask: (visit) => revokeUser(visit, { params: visit.params, body: {} }),
      question(visit, { name, effects }) {
        const words = visit.texts.console.switchOff;
        const button = endingButton(visit, words, effects);
        return { title: words.title, ask: words.ask({ name }), text: words.text, button, content: '' };
      },
      do: 'switch-off',
      async end(visit) {
        await changeUser(visit, { params: visit.params, body: { active: false } });
        return { to: `/admin/people/${visit.params.id}`, notice: 'saved' };
      },
    }),
    personEndingScreen({
      path: '/admin/people/{id}/erase',
      id: 'showErasure',
      summary: 'Erase a person',
      permission: 'people.erase',
      ask: (visit) => eraseUser(visit, { params: visit.params, body: {} }),
      question({ texts }, { name }) {
        const words = texts.console.erase;
        const content = renderCheck({ name: 'sure', label: words.check, checked: false });
        const text = texts.console.person.eraseText;
        return { title: words.title, ask: words.ask({ name }), text, button: words.button, content };
      },
      do: 'erase',
      async end(visit) {
        if (!isChecked(visit.given, 'sure')) throw new AppError('invalid_request', visit.texts.console.erase.unchecked);
        await eraseUser(visit, { params: visit.params, body: confirmedBy(visit) });
        return { to: '/admin/people', notice: 'removed' };
      },
    }),
  ];
}
