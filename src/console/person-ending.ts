import type { Permission } from '../api/permissions.ts';
import type { Value } from '../html.ts';
import { type Asked, askFirst, renderEnding } from './endings.ts';
import { type Act, type Screen, textOf, type Visit } from './screen.ts';

/** What the page says that asks first. */
type Question = Readonly<{
  /** Of the page; it names nobody. */
  title: string;
  ask: string;
  text?: string;
  /** Default: how many sessions are signed out. */
  button?: string;
  /** Between what will end and the button; default: the two reasons. */
  content?: Value;
}>;

/** The way back from what is done with a person. */
export const trailOf = ({ texts, params }: Visit, name: string) => [
  { label: texts.console.areas.people, href: '/admin/people' },
  { label: name, href: `/admin/people/${params.id}` },
];

/** A screen that asks before something of a person ends, and then ends it. */
export function personEndingScreen(
  screen: Readonly<{
    path: string;
    id: string;
    summary: string;
    permission: Permission;
    /** The operation without a confirmation, which says what would end. */
    ask: (visit: Visit) => Promise<unknown>;
    question: (visit: Visit, asked: Asked) => Question | Promise<Question>;
    /** The name of the button. */
    do: string;
    end: Act;
  }>,
): Screen {
  const { path, id, summary, permission } = screen;
  return {
    path,
    id,
    summary,
    area: 'people',
    permission,
    recent: true,
    // The operation takes a turn itself.
    turn: false,
    async show(visit) {
      const known = await askFirst(() => screen.ask(visit));
      // Of somebody who was removed before only the id is left.
      const asked = { ...known, name: known.name || (visit.params.id ?? '') };
      const { title, ask, text = '', ...others } = await screen.question(visit, asked);
      const cancel = `/admin/people/${visit.params.id}`;
      return {
        title,
        trail: trailOf(visit, asked.name),
        body: renderEnding(visit, { ...others, title: ask, text, asked, do: screen.do, cancel }),
      };
    },
    acts: { [screen.do]: screen.end },
  };
}

/** The body that confirms. */
export const confirmedBy = ({ given }: Visit) => ({ confirmation: textOf(given, 'confirmation') });
