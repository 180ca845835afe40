import { type ProblemCode, problems } from '../errors.ts';
import { en } from '../texts/en.ts';
import type { Texts } from '../texts/texts.ts';
import { renderMessage } from './message-page.ts';

export type Failure = Readonly<{ code: ProblemCode; detail: string; requestId: string }>;

/**
 * The page of a request that failed. In English the problem's own words are more exact; another
 * language has its own for what people meet.
 */
export function renderFailure(texts: Texts, { code, detail, requestId }: Failure): string {
  const own = texts.failures[code as keyof Texts['failures']] as { title: string; text: string } | undefined;
  const { title, text } = own && texts.language !== en.language ? own : { title: problems[code].title, text: detail };
  return renderMessage(texts, { title, text, actions: [{ label: texts.frame.toStart, href: '/' }], requestId });
}
