import { z } from 'zod';
import type { Connector } from './connector.ts';

const settings = z.strictObject({});

/** People change the password: nothing is ever sent. The rotator asks them at once. */
export const manual: Connector<z.output<typeof settings>> = {
  kind: 'manual',
  needsAdmin: false,
  settings,
  set: async () => ({ result: 'denied', error: 'not_supported' }),
  verify: async () => ({ result: 'unproven', error: 'no_verification' }),
};

/** Whether people have to change the password, for nothing else can. */
export const isManual = (kind: string): boolean => kind === manual.kind;
