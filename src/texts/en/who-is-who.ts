import { day, plural } from './forms.ts';

/** What a change of who is who, or an erasure, means; an administrator reads it before saying yes. */
export const whoIsWho = {
  accessEnds: ({ name }: { name: string }) => `All access of ${name} ends.`,
  nothingEnds: 'Nothing ends.',
  addressMeans: ({ name, email }: { name: string; email: string }) =>
    `${email} means ${name} from then on: whoever signs in with this address at an identity provider that may speak for it, with an account that is not linked yet, is taken for ${name}.`,
  addressWasAnothers: ({ name, email, other, connection, at }: Claimed) =>
    `The identity provider ${connection} called ${other.name} (${other.email}) so on ${day.format(at)}: from now on ${email} means ${name} alone, until ${other.name} signs in with it again. Only calls of ${connection} itself still find ${other.name} by it.`,
  addressIsAnothersUserName: ({ email, other }: Pick<Claimed, 'email' | 'other'>) =>
    `${email} is the user name of ${other.name} (${other.email}): it means them too, and a call by it ends the access of both.`,
  addressFreed: ({ email }: { email: string }) => `${email} is free then, for somebody else.`,
  addressIsUserName: ({ email }: { email: string }) =>
    `${email} stays their user name, by which provisioning finds them, and so means them too.`,
  addressIsClaimed: ({ name, email }: { name: string; email: string }) =>
    `${email} means ${name} too, until they have signed in again: their identity provider called them so last.`,
  addressProvisioned: ({ name }: { name: string }) =>
    `Provisioning keeps the address of ${name}: its next run may change it back. Change it there too.`,
  addressClaimed:
    'If their identity provider still names another address at the next sign-in, and may speak for it, that one takes its place. Change it there first.',
  linkMeans: ({ name, connection, subject }: { name: string; connection: string; subject: string }) =>
    `Whoever signs in at ${connection} with the account ${subject} is taken for ${name} from then on, whatever address the identity provider names.`,
  linkRole: ({ role }: { role: string }) => `They get the role of that person: ${role}.`,
  unlinkMeans: ({ name, connection, subject }: { name: string; connection: string; subject: string }) =>
    `The account ${subject} at ${connection} no longer belongs to ${name}. Whoever signs in with it is found by the address that the identity provider names, as at a first sign-in.`,
  againByAddress: ({ name, connection, email }: { name: string; connection: string; email: string }) =>
    `Whoever is the first to sign in at ${connection} with the address ${email} is linked to ${name} again.`,
  againIfVerified: ({ name, connection, email }: { name: string; connection: string; email: string }) =>
    `Whoever is the first to sign in at ${connection} with the address ${email} is linked to ${name} again, if the identity provider calls the address verified.`,
  againByHand: ({ name, connection }: { name: string; connection: string }) =>
    `${name} is not linked again by the address, for ${connection} may not speak for it: until you link them by hand they cannot sign in there.`,
  forgetMeans: ({ people, connection }: { people: number; connection: string }) =>
    plural(people, {
      one: `${people} person is unlinked from their account at ${connection}.`,
      other: `${people} people are unlinked from their accounts at ${connection}.`,
    }),
  forgetTrust: ({ connection }: { connection: string }) =>
    `Until they have signed in again an address decides: whoever is the first to sign in at ${connection} with somebody’s address is taken for that person here.`,
  forgetEnds: 'All of their access ends.',
  forgetEndsEveryone: ({ most }: { most: number }) =>
    `More than ${most} people are concerned. That is why everyone in the organisation is signed out at once, also those who sign in through another identity provider.`,
  forgetByAddress: ({ people }: { people: number }) =>
    plural(people, {
      one: `${people} of them is linked again by the address.`,
      other: `${people} of them are linked again by their addresses.`,
    }),
  forgetIfVerified: ({ people }: { people: number }) =>
    plural(people, {
      one: `${people} of them is linked again only if the identity provider calls the address verified.`,
      other: `${people} of them are linked again only if the identity provider calls their addresses verified.`,
    }),
  forgetByHand: ({ people, connection }: { people: number; connection: string }) =>
    plural(people, {
      one: `${people} of them is not linked again, for ${connection} may not speak for the address: link them by hand.`,
      other: `${people} of them are not linked again, for ${connection} may not speak for their addresses: link them by hand.`,
    }),
  eraseMeans: ({ who }: { who: string }) => `${who} is removed for good, with their todos.`,
  erasedBefore: ({ names }: { names: string }) =>
    `This person was removed before. The record still has these names of theirs: ${names}.`,
  erasedBeforeNameless: 'This person was removed before, and the record has no name of theirs any more.',
  eraseRecord:
    'All their names and addresses go from the record, and the reasons for which their access was ended: what happened stays there, under an id alone.',
  eraseForGood: 'This cannot be undone.',
  noOwnerLeft:
    'No owner could sign in any more by what is known here: only the operator of the deployment could help then.',
};

type Claimed = {
  name: string;
  email: string;
  other: { name: string; email: string };
  connection: string;
  at: Date;
};
