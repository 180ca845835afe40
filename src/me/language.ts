import express, { type Request, type RequestHandler } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type Endpoint, endpoint } from '../api/endpoint.ts';
import { type Operation, operation } from '../api/operation.ts';
import type { Config } from '../config.ts';
import { noStore } from '../http/no-store.ts';
import { ownTarget } from '../http/return-to.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import { type Languages, languages } from '../texts/texts.ts';
import { keepLanguage } from '../web/language.ts';

type Deps = Readonly<{ pool: Pool; config: Config }>;

/** The BCP 47 tags of the languages that people may choose. */
export const languageTags = languages.map(({ language }) => language);
export const chosenLanguage = z.enum(languageTags).describe('The language that you chose for pages and e-mails.');
const orNone = chosenLanguage.nullable().describe('null: the one that your browser asks for.');

/** `PATCH /api/users/me`: what a person says about themselves. */
export function changeMeOperation({ pool }: Pick<Deps, 'pool'>): Operation {
  return operation({
    method: 'patch',
    path: '/api/users/me',
    id: 'changeMe',
    tag: 'You',
    summary: 'Choose your language',
    description: 'Of pages, of e-mails, and of the names of devices.',
    body: z.strictObject({ language: orNone }),
    bodyExample: { language: 'de' },
    success: { status: 200, description: 'As it is now.', schema: z.object({ language: orNone }) },
    handle: async ({ principal, body: { language } }) => {
      await choose(pool, principal, language);
      return { language };
    },
  });
}

/** `POST /language`: the choice at the foot of every page, for whoever is signed in or not. */
export function languageFormEndpoint({ pool, config }: Deps): Endpoint {
  const chooseByForm: RequestHandler = async (req, res) => {
    const offered: Languages = req.app.get('languages');
    const chosen = offered.find(({ language }) => language === req.body?.language);
    if (chosen) {
      const principal = principalOf(req);
      if (principal) await choose(pool, principal, chosen.language);
      keepLanguage(req, res, chosen.language);
    }
    res.redirect(303, pageBefore(config, req));
  };
  return endpoint({
    method: 'post',
    path: '/language',
    id: 'chooseLanguage',
    tag: 'Pages',
    summary: 'Choose a language by the form of a page',
    description: 'A cookie keeps the choice for a year. Of whoever is signed in it is kept as theirs, for e-mails too.',
    bodyType: 'application/x-www-form-urlencoded',
    body: z.object({
      language: z
        .string()
        .describe('The BCP 47 tag of one that is offered; another changes nothing.')
        .meta({ examples: ['de'] }),
    }),
    security: ['session'],
    securityOptional: true,
    success: { status: 303, description: 'Chosen.', headers: { Location: 'The page that it was chosen on.' } },
    problems: ['foreign_origin', 'content_too_large'],
    handlers: [noStore, express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 5 }), chooseByForm],
  });
}

async function choose(pool: Pool, { orgId, userId }: Principal, language: string | null): Promise<void> {
  await pool.query({
    name: 'choose-language',
    text: 'UPDATE users SET language = $3 WHERE org_id = $1 AND id = $2 AND language IS DISTINCT FROM $3',
    values: [orgId, userId, language],
  });
}

/** Browsers name the whole page to its own origin. A page of a sign-in's own can't be opened again. */
function pageBefore(config: Config, req: Request): string {
  const page = ownTarget(config, req.get('referer'), 2_000) ?? '/';
  return /^\/(?:openid|signout|language)(?:[/?]|$)/.test(page) ? '/' : page;
}
