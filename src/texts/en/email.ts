import { plural } from './forms.ts';

/** The e-mail to administrators. */
export const digest = {
  subject: ({ org, what }: { org: string; what: string }) => `${org}: ${what}`,
  several: ({ count }: { count: number }) =>
    plural(count, { one: `${count} notification`, other: `${count} notifications` }),
  item: ({ at, text }: { at: Date; text: string }) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${text}`,
  more: ({ count }: { count: number }) => `And ${count} more.`,
  why: ({ org }: { org: string }) => `You get this because you are an administrator of ${org} and chose it.`,
};
