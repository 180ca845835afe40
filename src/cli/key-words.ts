import { stateLifetime } from '../sign-in/sealed-state.ts';
import type { SigningKey } from '../signing/rotation.ts';
import type { KeyReport } from './key-report.ts';
import { table } from './output.ts';

export function keyTable({ keys }: KeyReport): string {
  const rows = keys.map((key) => {
    const position = key.position === null ? 'not there' : String(key.position);
    return [key.id, position, key.stored, key.noted, key.nodes, key.state];
  });
  return table(['KEY', 'IN ENCRYPTION_KEYS', 'STORED', 'NOTED HERE', 'NODES SEAL', 'STATE'], rows, '');
}

export function placeTable({ places }: KeyReport): string {
  const rows = places.flatMap(({ what, counts }) => Object.entries(counts).map(([id, count]) => [what, id, count]));
  return table(['WHAT IS STORED', 'KEY', 'TEXTS'], rows, 'Nothing is stored that is sealed.');
}

export function signingTable(keys: readonly SigningKey[]): string {
  const rows = keys.map(({ id, state, signsFrom, goesAt }) => [id, state, signsFrom, goesAt]);
  return table(['KEY FOR ID TOKENS', 'STATE', 'SIGNS FROM', 'GOES AT'], rows, 'No ID token was signed yet.');
}

/** What is signed in the name of organisations. Empty where no organisation has a key yet. */
export function orgSigningTable(keys: readonly (SigningKey & Readonly<{ org: string }>)[]): string {
  if (keys.length === 0) return '';
  const rows = keys.map(({ org, id, state, signsFrom, goesAt }) => [org, id, state, signsFrom, goesAt]);
  return table(['KEY OF ORGANISATION', 'KEY', 'STATE', 'SIGNS FROM', 'GOES AT'], rows, '');
}

export function signingAdvice(keys: readonly SigningKey[]): string {
  const [newest] = keys;
  if (newest?.state !== 'published')
    return 'Within ten seconds every node signs with the new key. ID tokens that others signed no longer count.';
  return `Every node publishes ${newest.id} within ten seconds, and signs with it from ${newest.signsFrom.toISOString()} on. The one before goes by itself a day later.`;
}

/** What an operator should know or do next. */
export function advice({ id, keys, nodes }: KeyReport): string[] {
  const lines = keys.map((key) => {
    if (key.state === 'missing')
      return `${key.id}: ENCRYPTION_KEYS lacks it here. ${key.stored + key.noted} text(s) are sealed with it, and ${key.nodes} running node(s) seal with it. Add it again, behind the first.`;
    if (key.state === 'may go')
      return `${key.id} may go, ${stateLifetime / 60} minutes after the last node was restarted with ${id} in front: until then sign-ins that were begun under it are on their way. Then remove it on every node, and restart them.`;
    if (key.state === 'seals') return false;
    const reasons = [
      key.nodes > 0 && `${key.nodes} running node(s) seal with it: put ${id} in front there and restart them.`,
      key.stored > 0 && `${key.stored} stored text(s) need it: \`keys rotate\` seals them anew.`,
      key.noted > 0 &&
        `${key.noted} file(s) in JOURNAL_DIR need it: they go as soon as the database answers their node.`,
    ];
    return `${key.id} has to stay. ${reasons.filter((reason) => reason !== false).join(' ')}`;
  });
  return [
    `Nodes that run on this database: ${nodes.running}.`,
    ...lines,
    nodes.lacking > 0 && `${nodes.lacking} running node(s) lack ${id}: add it there, behind the old key.`,
    nodes.silent > 0 &&
      `${nodes.silent} running node(s) of another version don't say which keys they have: look yourself.`,
    keys.some(({ state }) => state === 'may go') &&
      'Each machine has a journal of its own (JOURNAL_DIR): look there too.',
  ].filter((line) => line !== false);
}
