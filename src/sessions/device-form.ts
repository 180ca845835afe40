import { z } from 'zod';
import { sampleId } from '../database/ids.ts';
import { deviceKinds } from './principal.ts';

const address = z
  .string()
  .nullable()
  .meta({ examples: ['203.0.113.7'] });

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
    createdAt: z.iso.datetime().describe('When it was signed in.'),
    signedInFrom: address.describe('The address that the sign-in came from.'),
    lastSeenAt: z.iso.datetime().describe('Exact to a minute.'),
    lastSeenFrom: address.describe('The address that it was last seen from. null: not known yet.'),
    current: z.boolean().describe('Whether this is the device that asks.'),
  })
  .meta({ id: 'Device' });
