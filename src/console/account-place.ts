import type { Screen } from './screen.ts';

/**
 * Where the pages of an account are: in the console for those who administer, and beside the list of
 * one's own for whoever manages an account without a role. The pages are the same, and the operations
 * behind them decide who may.
 */
export type Place = Readonly<{
  root: '/admin/accounts' | '/accounts';
  area: Screen['area'];
  /** The id of a screen that both places have. */
  idOf: (name: string) => string;
}>;

export const inConsole: Place = { root: '/admin/accounts', area: 'accounts', idOf: (name) => `show${name}` };
export const besideOwn: Place = { root: '/accounts', area: null, idOf: (name) => `showOwn${name}` };
export const places: readonly Place[] = [inConsole, besideOwn];
