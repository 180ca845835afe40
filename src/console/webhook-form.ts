import { AppError } from '../errors.ts';
import type { Html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { renderField } from './parts.ts';
import { type Given, textsOf, type Visit } from './screen.ts';
import { fieldOfProblem, whyWrong } from './wrong-fields.ts';

/** The path may hold a token of the receiver's: pages name the host alone. */
export const receiverOf = ({ url }: Readonly<{ url: string }>): string => new URL(url).host;

/** The field for a webhook's address. A refusal of the address stands at it. */
export function renderUrlField(visit: Visit, act: string, value: string): Html {
  const words = visit.texts.console.webhooks;
  const why = fieldOfProblem(visit, act, ['url']) && whyWrong(visit, 'url');
  return renderField({
    name: 'url',
    type: 'url',
    label: words.url,
    hint: words.urlHint,
    value,
    required: true,
    most: 2048,
    placeholder: 'https://',
    problem: why && words.wrongUrl({ why }),
  });
}

/** @throws AppError invalid_request where none is chosen */
export function chosenKinds(texts: Texts, given: Given): readonly string[] {
  const kinds = textsOf(given, 'kinds');
  if (kinds.length === 0) throw new AppError('invalid_request', texts.console.webhooks.chooseKinds);
  return kinds;
}
