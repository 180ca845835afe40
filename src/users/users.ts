import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { isUniqueViolation } from '../database/errors.ts';
import type { Prisma, PrismaClient, Role, User } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { readEmail, sayEmailProblem, userNameKey } from './email.ts';
import { displayNameOf } from './person-name.ts';

export type NewUser = Readonly<{
  email: string;
  /** By default it is made of the two parts, or of the address. */
  name?: string | undefined;
  givenName?: string | undefined;
  familyName?: string | undefined;
  role?: Role | undefined;
}>;

export type Users = ReturnType<typeof createUsers>;

/** The people of orgs. The same address in two orgs is two people. */
export function createUsers({ prisma }: { prisma: PrismaClient }) {
  return {
    /** @throws AppError invalid_request for a bad address; conflict when the org has it already */
    addUser(orgId: string, input: NewUser, by: By): Promise<User> {
      return prisma.$transaction((transaction) => insertUser(transaction, orgId, input, by));
    },

    /** The org's users by address. */
    listUsers(orgId: string): Promise<User[]> {
      return prisma.user.findMany({ where: { orgId, deletedAt: null }, orderBy: { emailKey: 'asc' } });
    },

    /**
     * By id, e-mail address or user name, in any letter case; null when the org has no such user.
     * Of several whom an address means, the one who bears it on record.
     */
    async findUser(orgId: string, ref: string): Promise<User | null> {
      const byId = await prisma.user.findFirst({ where: { orgId, deletedAt: null, id: ref.trim() } });
      if (byId) return byId;
      const key = userNameKey(ref);
      const [bearer] = await prisma.$queryRaw<{ id: string | null }[]>`SELECT bearer_of(${orgId}, ${key}) AS id`;
      return bearer?.id ? prisma.user.findFirst({ where: { orgId, deletedAt: null, id: bearer.id } }) : null;
    },
  };
}

/** `addUser` inside the caller's transaction. */
export async function insertUser(db: Prisma.TransactionClient, orgId: string, input: NewUser, by: By): Promise<User> {
  const email = input.email.trim();
  const { key, problem } = readEmail(email);
  if (key === null)
    throw new AppError(
      'invalid_request',
      (texts) => texts.answers.notAddress({ email, why: sayEmailProblem(problem)(texts) }),
      { field: 'email' },
    );
  const parts = withoutEmpty({ givenName: input.givenName, familyName: input.familyName });
  const name = input.name?.trim() || displayNameOf(parts) || email.slice(0, email.lastIndexOf('@'));
  const namedByHand = Object.keys(parts).length > 0;
  const profile = namedByHand ? { name: parts } : {};
  const user = await db.user
    .create({
      data: {
        orgId,
        id: newId('user'),
        email,
        emailKey: key,
        name,
        profile,
        namedByHand,
        role: input.role ?? 'member',
      },
    })
    .catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError('conflict', `The organisation already has a user ${email}.`, { cause: error });
    });
  await recordEvent(db, { orgId, action: 'user.added', by, target: { type: 'user', id: user.id } });
  return user;
}

function withoutEmpty(parts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = Object.entries(parts).map(([name, part]) => [name, part?.trim() ?? ''] as const);
  return Object.fromEntries(given.filter(([, part]) => part !== ''));
}
