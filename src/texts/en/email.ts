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

/** The e-mail to whoever manages shared accounts whose passwords they are to change by hand. */
export const accountTaskMail = {
  subject: ({ org, account, count }: { org: string; account: string; count: number }) =>
    plural(count, {
      one: `${org}: change the password of ${account} by hand`,
      other: `${org}: change the passwords of ${count} shared accounts by hand`,
    }),
  item: ({ account, at, why }: { account: string; at: Date; why: string | null }) =>
    `${account}, until ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC${why === null ? '' : `: ${why}`}`,
  confirm: 'When it is changed there, confirm it here:',
  more: ({ count }: { count: number }) => `And ${count} more.`,
  all: 'All of your accounts:',
  why: ({ org }: { org: string }) => `You get this because you manage shared accounts of ${org}.`,
};

/** The e-mail to whoever may use shared accounts whose passwords changed. */
export const accountMail = {
  subject: ({ org, account, count }: { org: string; account: string; count: number }) =>
    plural(count, {
      one: `${org}: the password of ${account} changed`,
      other: `${org}: the passwords of ${count} shared accounts changed`,
    }),
  item: ({ at, account }: { at: Date; account: string }) =>
    `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${account}`,
  more: ({ count }: { count: number }) => `And ${count} more.`,
  where: 'You read the new password here, after you have signed in:',
  why: ({ org }: { org: string }) => `You get this because you may use shared accounts of ${org} and chose it.`,
};
