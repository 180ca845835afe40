import { z } from 'zod';
import type { Success } from '../api/endpoint.ts';

export const tag = 'OAuth for your apps';
export const formType = 'application/x-www-form-urlencoded';

export const clientId = z.string().meta({ examples: ['mobile-app'] });
export const scope = z.string().meta({ examples: ['openid email profile offline_access'] });

const fault = z
  .object({ error: z.string(), error_description: z.string().optional() })
  .loose()
  .meta({ id: 'OAuthError', description: 'RFC 6749 §5.2.' });

/** The refusals that an app hears. */
export const faults = (...statuses: number[]): readonly Success[] =>
  statuses.map((status) => ({ status, description: 'In the form of OAuth’s errors.', schema: fault }));

/** An answer to browsers: a page, or, for a client that asks for JSON, OAuth's form. */
export const pageOrFault = (status: number, description = 'A page, or the form of OAuth’s errors.'): Success => ({
  status,
  description,
  schema: fault,
  contentTypes: ['text/html', 'application/json'],
});

export const page = (status: number, description: string): Success => ({
  status,
  description,
  contentTypes: ['text/html'],
});

export const redirect = (description: string): Success => ({
  status: 303,
  description,
  headers: { Location: 'Where to.' },
});
