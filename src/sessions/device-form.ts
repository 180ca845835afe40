import { z } from 'zod';
import { sampleId } from '../database/ids.ts';
import { deviceKinds } from './principal.ts';

/** A live session or grant as JSON: the form of `Device`. */
export const deviceForm = z
  .object({
    id: z.string().meta({ examples: [sampleId('session')] }),
    type: z.enum(deviceKinds),
    client: z
      .string()
      .describe('"Browser", in the language of the request, or the name of the app.')
      .meta({ examples: ['Browser', 'Mobile app'] }),
    device: z
      .string()
      .describe('A few words made of `userAgent`, in the language of the request.')
      .meta({ examples: ['Firefox on Linux'] }),
    userAgent: z.string().nullable(),
    ip: z.string().nullable().describe('Where the sign-in came from.'),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime().describe('Exact to a minute.'),
    current: z.boolean().describe('Whether this is the device that asks.'),
  })
  .meta({ id: 'Device' });
