import { z } from 'zod';

/** The kinds of connectors, each with the form of its settings, and whether it needs an administrator. */
export const connectors = { manual: { settings: z.strictObject({}), needsAdmin: false } } as const;

export const connectorKinds = Object.keys(connectors) as [keyof typeof connectors];
