import { endedOfMany } from '../admin/ending-access.ts';
import { AppError } from '../errors.ts';
import { html } from '../html.ts';
import { askFirst, reasonOf, renderEnding, renderReasons } from './endings.ts';
import type { Use } from './operations.ts';
import { renderCheck, renderField, valueIn } from './parts.ts';
import { isChecked, type Screen, textOf } from './screen.ts';
import { fieldOfProblem } from './wrong-fields.ts';

const act = 'sign-out';

/** The organisation's name, as it has to be typed. */
const nameOf = (org: string) => org.trim().normalize('NFC');

/** Signs out everybody of the organisation, for owners. */
export function everyoneScreens(use: Use): readonly Screen[] {
  const revokeMany = use('revokeMany', endedOfMany);
  return [
    {
      path: '/admin/everyone',
      id: 'showEveryone',
      summary: 'Sign out everyone',
      area: 'people',
      permission: 'access.end_everyone',
      recent: true,
      // The operation takes a turn itself.
      turn: false,
      async show(visit) {
        const { texts, principal, given, problem } = visit;
        const words = texts.console.everyone;
        const org = principal.orgName;
        // The box decides between two actions, and each has a confirmation of its own.
        const [asked, all] = await Promise.all(
          [true, false].map((keepCurrent) =>
            askFirst(() => revokeMany(visit, { body: { everyone: true, keepCurrent } })),
          ),
        );
        if (!asked || !all) throw new Error('nothing was asked');
        const keeps = textOf(given, 'do') !== act || isChecked(given, 'keep');
        const isWrongName = fieldOfProblem(visit, act, ['org']) !== null;
        const { withoutReturn, ...effects } = asked.effects;
        return {
          title: words.title,
          trail: [{ label: texts.console.areas.people, href: '/admin/people' }],
          body: renderEnding(isWrongName ? { ...visit, problem: null } : visit, {
            title: words.ask({ org }),
            text: words.text,
            above:
              withoutReturn &&
              html`<p class="warning">${texts.console.signOut.nobodyReturns({ connections: withoutReturn.join(', ') })}</p>`,
            asked: { effects, confirmation: asked.confirmation },
            do: act,
            button: words.button(effects.people),
            hidden: { 'confirmation-of-all': all.confirmation },
            content: html`${renderCheck({ name: 'keep', label: words.keep, hint: words.keepHint, checked: keeps })}
${renderReasons(visit, act)}
${renderField({ name: 'org', label: words.type({ org }), hint: words.typeHint, value: valueIn(visit, act, 'org'), required: true, problem: isWrongName && problem?.detail })}`,
            cancel: '/admin/people',
          }),
        };
      },
      acts: {
        [act]: async (visit) => {
          const { given, texts, principal } = visit;
          const org = nameOf(principal.orgName);
          if (textOf(given, 'org').normalize('NFC') !== org)
            throw new AppError('invalid_request', texts.console.everyone.differs({ org }), { field: 'org' });
          const keepCurrent = isChecked(given, 'keep');
          const confirmation = textOf(given, keepCurrent ? 'confirmation' : 'confirmation-of-all');
          const body = { everyone: true, keepCurrent, confirmation, ...reasonOf(given) };
          const { revocationId } = await revokeMany(visit, { body });
          return { to: `/admin/revocations/${revocationId ?? ''}`, notice: 'signedOut' };
        },
      },
      secrets: ['confirmation-of-all'],
    },
  ];
}
