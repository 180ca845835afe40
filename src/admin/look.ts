import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { InTurn } from '../http/turns.ts';
import { colourForm, readableColours } from '../orgs/colour.ts';
import { logoBox, mostBytes } from '../orgs/logo.ts';
import type { Looks } from '../orgs/looks.ts';

const hex = z.string().meta({ examples: ['#2f3f9e'] });

export const orgLook = z
  .object({
    colour: hex.nullable().describe('#rrggbb; null: the product’s own.'),
    readable: z
      .object({ light: hex, dark: hex })
      .nullable()
      .describe('The colour as links and buttons have it by day and by night: as far as they need to be readable.'),
    logo: z
      .object({ url: z.string().meta({ examples: ['/orgs/1/logo.png'] }), width: z.int(), height: z.int() })
      .nullable(),
    signInPage: z.url().describe('The sign-in page that shows them from the beginning.'),
  })
  .meta({ id: 'OrgLook' });

const lookChanges = z
  .strictObject({
    colour: z.string().regex(colourForm, 'must be a colour such as #2f3f9e').toLowerCase().nullable().optional(),
    logo: z
      .base64()
      // What base64 makes of the bytes.
      .max(Math.ceil(mostBytes / 3) * 4)
      .nullable()
      .optional()
      .describe(
        `A PNG, JPEG or WebP of at most 1 MB and 4096 pixels, in base64. It is made anew as a PNG that fits ${logoBox.width} × ${logoBox.height}.`,
      ),
  })
  .meta({ id: 'OrgLookChanges' });

const path = '/api/orgs/current/look';
const tag = 'Organisation';

type LookDeps = Readonly<{ config: Pick<Config, 'publicUrl'>; looks: Looks; inTurn: InTurn }>;

/** The logo and the colour of the org's own sign-in and signed-out pages. */
export function lookOperations({ config, looks, inTurn }: LookDeps): readonly Operation[] {
  const read = async (orgId: string) => {
    const look = await looks.lookOf(orgId);
    if (!look) throw new AppError('not_found', 'There is no such organisation.');
    const { slug, colour, logo } = look;
    return {
      colour,
      readable: colour && readableColours(colour),
      signInPage: `${config.publicUrl}/?org=${slug}`,
      logo: logo && { url: `/orgs/${slug}/logo.png?v=${logo.version}`, width: logo.width, height: logo.height },
    };
  };
  return [
    operation({
      method: 'get',
      path,
      id: 'getLook',
      tag,
      summary: 'The organisation’s logo and colour',
      permission: 'org.read',
      success: { status: 200, description: 'How its pages look.', schema: orgLook },
      handle: ({ orgId }) => read(orgId),
    }),
    operation({
      method: 'patch',
      path,
      id: 'changeLook',
      tag,
      summary: 'Change the logo or the colour',
      description:
        'Changes what is named; `null` takes it away. Both are used on pages for signing in and for who was signed out, once the organisation is known there. The picture is decoded and made anew: nothing but its pixels is kept.',
      permission: 'settings.change',
      body: lookChanges,
      bodyExample: { colour: '#2f3f9e' },
      bodyLimit: '1500kb',
      success: { status: 200, description: 'How its pages look now.', schema: orgLook },
      problems: ['invalid_request', 'too_many_requests'],
      handle: async ({ orgId, body: { colour, logo }, by, res }) => {
        const picture = typeof logo === 'string' ? Buffer.from(logo, 'base64') : logo;
        // Decoding takes a processor and memory: an org's pictures wait for each other.
        await inTurn('lists', orgId, () => looks.changeLook(orgId, { colour, logo: picture }, by), res);
        return read(orgId);
      },
    }),
  ];
}
