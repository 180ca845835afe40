import type { z } from 'zod';
import { accountPage, accountRotationPage } from '../admin/account-forms.ts';
import type { revocation } from '../admin/revocations.ts';
import { type Html, html } from '../html.ts';
import { inConsole } from './account-place.ts';
import type { Use } from './operations.ts';
import { renderHow } from './rotation-parts.ts';
import { lookAgainAt, renderSteps, type ShownRotation, sayRotationState } from './rotation-view.ts';
import type { Visit } from './screen.ts';

/** Rotations that a receipt shows; the rest stand in a list of their own. */
const mostShown = 20;
/** Milliseconds after a sign-out in which it may still be looked up which passwords have to change. */
const planningTime = 5_000;

/** What a sign-out caused: the changes of passwords, and when to look at them again. */
export type CausedRotations = Readonly<{
  items: readonly ShownRotation[];
  /** Where there are more: the page of all. */
  all: string | null;
  /** It may not be known yet which they are. */
  isPlanning: boolean;
  /** Milliseconds; null: nothing moves any more. */
  again: number | null;
}>;

/** Reads the rotations that a revocation caused; with `together`, all that its request ended. */
export function createCausedRotations(use: Use) {
  const listRotations = use('listRotations', accountRotationPage);
  const listAccounts = use('listAccounts', accountPage);
  return async (
    visit: Visit,
    { id, createdAt }: z.output<typeof revocation>,
    { together = false } = {},
  ): Promise<CausedRotations> => {
    const query = { revocation: id, ...(together && { together: 'true' }) };
    const { items, next } = await listRotations(visit, { query: { ...query, limit: mostShown } });
    const isYoung = Date.now() - new Date(createdAt).getTime() < planningTime;
    const isPlanning =
      items.length === 0 && isYoung && (await listAccounts(visit, { query: { limit: 1 } })).items.length > 0;
    const all = next === null ? null : `/admin/rotations?${new URLSearchParams(query).toString()}`;
    return { items, all, isPlanning, again: isPlanning ? 1_000 : lookAgainAt(items) };
  };
}

/** Each account whose password changes because of a sign-out, step by step. */
export function renderCaused({ texts, ...visit }: Visit, caused: CausedRotations): Html | null {
  const words = texts.console.accounts;
  const { items, all, isPlanning } = caused;
  if (items.length === 0 && !isPlanning) return null;
  return html`<section aria-labelledby="rotations"><h2 id="rotations">${words.onReceipt}</h2>
<p class="soft">${isPlanning ? words.receiptPlanning : words.onReceiptText}</p>
${items.map(
  (
    rotation,
  ) => html`<div class="under-way"><h3><a href="${inConsole.root}/${rotation.accountId}">${rotation.accountName}</a></h3>
<p>${renderHow({ texts, ...visit }, rotation)}</p>${renderSteps(texts, rotation)}</div>`,
)}${all && html`<p><a href="${all}">${words.allOfSignOut}</a></p>`}</section>`;
}

/** The same for a ticket, and for whoever hears the page: a line. */
export const sayCaused = ({ texts }: Visit, { items }: CausedRotations): string =>
  items
    .map((rotation) =>
      texts.console.accounts.said({ account: rotation.accountName, state: sayRotationState(texts, rotation) }),
    )
    .join('; ');
