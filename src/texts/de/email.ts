import type { digest as english } from '../en/email.ts';
import { moment, plural } from './forms.ts';

export const digest: typeof english = {
  subject: ({ org, what }) => `${org}: ${what}`,
  several: ({ count }) => plural(count, { one: `${count} Mitteilung`, other: `${count} Mitteilungen` }),
  item: ({ at, text }) => `${moment.format(at)} UTC: ${text}`,
  more: ({ count }) => `Und ${count} weitere.`,
  why: ({ org }) => `Sie bekommen dies, weil Sie ${org} verwalten und es so gewählt haben.`,
};
