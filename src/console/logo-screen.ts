import { orgLook } from '../admin/look.ts';
import { AppError } from '../errors.ts';
import { html } from '../html.ts';
import { mostBytes } from '../orgs/logo.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import type { Act, Done, Screen } from './screen.ts';
import { settingsTrail } from './settings-parts.ts';

export function removeLogoAct(use: Use, done: Done): Act {
  const changeLook = use('changeLook', orgLook);
  return async (visit) => {
    await changeLook(visit, { body: { logo: null } });
    return done;
  };
}

/** Takes a picture. The page asks for a recent authentication first: a file can't be kept. */
export function logoScreen(use: Use, { back }: { back: string }): Screen {
  const changeLook = use('changeLook', orgLook);
  return {
    path: '/admin/settings/organisation/logo',
    id: 'showChooseLogo',
    summary: 'Settings: choose a logo',
    area: 'settings',
    permission: 'settings.change',
    recent: true,
    uploads: true,
    async show(visit) {
      const { texts } = visit;
      const words = texts.console.organisation;
      return {
        title: words.logoTitle,
        trail: [...settingsTrail(visit), { label: words.title, href: back }],
        body: html`<div class="narrow"><h1>${words.logoTitle}</h1>
<p>${words.lookText}</p>
${renderForm(visit, {
  do: 'upload',
  button: words.upload,
  uploads: true,
  content: html`<div class="field"><label for="field-logo">${words.file}</label><p class="hint" id="field-logo-hint">${words.fileHint}</p>
<input type="file" id="field-logo" name="logo" accept="image/png,image/jpeg,image/webp" aria-describedby="field-logo-hint" required></div>`,
  beside: html` <a class="button quiet" href="${back}">${texts.console.cancel}</a>`,
})}</div>`,
      };
    },
    acts: {
      upload: async (visit) => {
        const words = visit.texts.console.organisation;
        const { logo } = visit.files;
        if (!logo) throw new AppError('invalid_request', words.noFile);
        if (logo.length > mostBytes) throw new AppError('invalid_request', words.notPicture);
        await changeLook(visit, { body: { logo: logo.toString('base64') } }).catch((error: unknown) => {
          if (!(error instanceof AppError) || error.code !== 'invalid_request') throw error;
          throw new AppError('invalid_request', words.notPicture, { cause: error });
        });
        return { to: '/admin/settings/organisation#logo', savedIn: 'logo' };
      },
    },
  };
}
