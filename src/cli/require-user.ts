import type { User } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import { problemOfNamed } from '../users/email.ts';

type Lookup = { users: { findUser: (orgId: string, ref: string) => Promise<User | null> } };

/** Finds a user by e-mail address or id. @throws AppError user_not_found */
export async function requireUser({ users }: Lookup, org: { id: string; name: string }, ref: string): Promise<User> {
  const found = await users.findUser(org.id, ref);
  if (!found) throw unknownUser(org, ref);
  return found;
}

export function unknownUser(org: { name: string }, ref: string): AppError {
  const problem = problemOfNamed(ref);
  return new AppError('user_not_found', `${org.name} has no user "${ref}".${problem ? ` ${problem}` : ''}`);
}
