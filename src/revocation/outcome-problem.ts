import { AppError } from '../errors.ts';
import type { RevocationOutcome } from './revocation.ts';
import { problemOfSubject, type SubjectIdentifier } from './subject-identifier.ts';

/** What a caller hears where nobody's access was ended; null where somebody's was. */
export function problemOfOutcome({ result }: RevocationOutcome, asked: SubjectIdentifier): AppError | null {
  if (result === 'ambiguous')
    return new AppError('ambiguous_subject', 'The identifiers name different users; nobody was signed out.');
  if (result !== 'unknown') return null;
  const problem = problemOfSubject(asked);
  if (problem) return new AppError('invalid_subject', problem);
  return new AppError('user_not_found', 'No user of your organisation matches the subject identifier.');
}
