import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { isReference } from '../database/ids.ts';
import { readableColours } from './colour.ts';
import { remakeLogo } from './logo.ts';

/** What of an org's look a page needs to know. */
export type Look = Readonly<{
  slug: string;
  name: string;
  /** #rrggbb */
  colour: string | null;
  /** Pixels, and a version: another logo has another. */
  logo: Readonly<{ width: number; height: number; version: string }> | null;
}>;

export type LookChanges = Readonly<{ colour?: string | null | undefined; logo?: Buffer | null | undefined }>;

type Row = Pick<Look, 'slug' | 'name' | 'colour'> & {
  width: number;
  height: number;
  /** Null where there is no logo. */
  version: string | null;
};

export type Looks = ReturnType<typeof createLooks>;

/** How an org's own pages look: a logo that was made anew here, and a colour. */
export function createLooks({ pool, prisma }: { pool: Pool; prisma: PrismaClient }) {
  /** The look of an org by slug or id; null where there is no such org. Reads no picture. */
  const lookOf = async (ref: string): Promise<Look | null> => {
    const { rows } = await pool.query<Row>({
      name: 'look-of-org',
      text: `SELECT o.slug, o.name, l.colour, l.logo_width AS width, l.logo_height AS height, l.logo_version AS version
             FROM orgs o LEFT JOIN org_looks l ON l.org_id = o.id WHERE o.slug = lower($1) OR o.id = $1`,
      values: [ref],
    });
    if (!rows[0]) return null;
    const { slug, name, colour, width, height, version } = rows[0];
    return { slug, name, colour, logo: version === null ? null : { width, height, version } };
  };

  return {
    lookOf,

    /** The look that a page has if it can: without one it still says all that it has to. */
    async lookOrNone(ref: unknown): Promise<Look | null> {
      return typeof ref === 'string' && isReference(ref) ? lookOf(ref).catch(() => null) : null;
    },

    /** The PNG of an org's logo, by its slug; null where it has none. */
    async logoOf(slug: string): Promise<{ png: Buffer; version: string } | null> {
      const { rows } = await pool.query<{ png: Buffer; version: string }>({
        name: 'logo-of-org',
        text: `SELECT l.logo AS png, l.logo_version AS version FROM orgs o JOIN org_looks l ON l.org_id = o.id
               WHERE o.slug = $1 AND l.logo IS NOT NULL`,
        values: [slug],
      });
      return rows[0] ?? null;
    },

    /**
     * Changes what is named, all or nothing; null takes it away. Each change is on record.
     * @throws AppError invalid_request for a picture that is none
     */
    async changeLook(orgId: string, { colour, logo }: LookChanges, by: By): Promise<void> {
      const made = logo ? measured(await remakeLogo(logo)) : logo === null ? noLogo : undefined;
      const wanted = { ...(colour !== undefined && { colour }), ...made };
      await prisma.$transaction(async (transaction) => {
        await transaction.$queryRaw`SELECT id FROM orgs WHERE id = ${orgId} FOR NO KEY UPDATE`;
        const before = await transaction.orgLook.findUnique({
          where: { orgId },
          select: { colour: true, logoVersion: true },
        });
        const changed = [
          ...(colour !== undefined && colour !== (before?.colour ?? null) ? ['colour'] : []),
          ...(made !== undefined && made.logoVersion !== (before?.logoVersion ?? null) ? ['logo'] : []),
        ];
        if (changed.length === 0) return;
        await transaction.orgLook.upsert({
          where: { orgId },
          create: { orgId, ...wanted },
          update: { ...wanted, updatedAt: new Date() },
        });
        const target = { type: 'org', id: orgId };
        for (const what of changed)
          await recordEvent(transaction, { orgId, action: 'org.changed', by, target, detail: { changed: what } });
      });
    },
  };
}

/** The style sheet that puts the colour in place of the product's own. */
export function styleSheetOf({ colour }: Pick<Look, 'colour'>): string {
  if (colour === null) return '';
  const { light, dark } = readableColours(colour);
  const rule = (accent: string) =>
    `:root { --accent: ${accent}; --accent-strong: color-mix(in srgb, ${accent} 75%, var(--ink)); }`;
  return `${rule(light)}\n@media (prefers-color-scheme: dark) { ${rule(dark)} }\n`;
}

/** A PNG's width and height stand at bytes 16 and 20 (PNG §11.2.2). */
const measured = (png: Buffer) => ({
  logo: new Uint8Array(png),
  logoWidth: png.readUInt32BE(16),
  logoHeight: png.readUInt32BE(20),
  logoVersion: hash('sha256', png, 'hex').slice(0, 16),
});

const noLogo = { logo: null, logoWidth: null, logoHeight: null, logoVersion: null };
