import type { z } from 'zod';
import { orgLook } from '../admin/look.ts';
import { currentOrg } from '../admin/org.ts';
import { may } from '../api/permissions.ts';
import { AppError } from '../errors.ts';
import { type Html, html } from '../html.ts';
import { changesOf, formOf, renderTheirs, shownFields, type Values } from './changed-fields.ts';
import { logoScreen, removeLogoAct } from './logo-screen.ts';
import type { Use } from './operations.ts';
import { renderCopyable, renderFacts, renderField, renderForm } from './parts.ts';
import { helpTextField, type Policy } from './policy-fields.ts';
import { renderPolicyField } from './policy-form.ts';
import { createSavePolicies } from './saving-policies.ts';
import { sayProblem } from './say-problem.ts';
import { type Act, type Screen, textOf, type Visit } from './screen.ts';
import { renderSaved, renderSetting, settingsTrail } from './settings-parts.ts';
import { fieldOfProblem } from './wrong-fields.ts';

const path = '/admin/settings/organisation';

type Look = z.output<typeof orgLook>;
type Found = Readonly<{ name: string; slug: string; look: Look; help: Policy }>;

/** The organisation's name, look and help. */
export function organisationScreens(use: Use): readonly Screen[] {
  const getOrg = use('getOrg', currentOrg);
  const changeOrg = use('changeOrg', currentOrg);
  const getLook = use('getLook', orgLook);
  const changeLook = use('changeLook', orgLook);
  const { read, save } = createSavePolicies(use);
  const saved = (form: string) => ({ to: `${path}#${form}`, savedIn: form });

  const acts: Record<string, Act> = {
    name: async (visit) => {
      const { name: now } = await getOrg(visit);
      const { name } = changesOf(visit, { name: textOf(visit.given, 'name') }, { name: now });
      if (name !== undefined) await changeOrg(visit, { body: { name } });
      return saved('name');
    },
    help: async (visit) => {
      const words = visit.texts.console.organisation;
      const form = { act: 'help', name: words.help, fields: [helpTextField], trail: settingsTrail(visit), back: path };
      return (await save(visit, form)) ?? saved('help');
    },
    colour: async (visit) => {
      const { colour: now } = await getLook(visit);
      const { colour } = changesOf(visit, { colour: textOf(visit.given, 'colour') }, { colour: now ?? '' });
      if (colour && !/^#[0-9a-f]{6}$/i.test(colour))
        throw new AppError('invalid_request', visit.texts.console.organisation.colourWrong, { field: 'colour' });
      if (colour !== undefined) await changeLook(visit, { body: { colour: colour === '' ? null : colour } });
      return saved('colour');
    },
    'remove-logo': removeLogoAct(use, saved('logo')),
  };

  return [
    {
      path,
      id: 'showOrganisation',
      summary: 'Settings: the organisation’s name and look',
      area: 'settings',
      async show(visit) {
        const words = visit.texts.console.organisation;
        const [{ name, slug }, look, byName] = await Promise.all([getOrg(visit), getLook(visit), read(visit)]);
        const found = { name, slug, look, help: byName.get('helpText') as Policy };
        return {
          title: words.title,
          trail: settingsTrail(visit),
          body: html`<h1>${words.title}</h1>${
            may(visit.principal.role, 'settings.change') ? renderSettings(visit, found) : renderLooking(visit, found)
          }`,
        };
      },
      acts,
    },
    logoScreen(use, { back: `${path}#logo` }),
  ];
}

function renderSettings(visit: Visit, { name, slug, look, help }: Found): Html {
  const { texts } = visit;
  const words = texts.console.organisation;
  // The field of the colour says itself what is wrong with it.
  const wrongColour = fieldOfProblem(visit, 'colour', ['colour']) && visit.problem;
  const shown = wrongColour ? { ...visit, problem: null } : visit;
  const form = (act: string, title: string, content: Html, now: Values = {}) =>
    renderForm(shown, {
      do: act,
      at: act,
      button: texts.console.save,
      label: `${texts.console.save}: ${title}`,
      hidden: shownFields(now),
      content,
      beside: renderSaved(visit, act),
    });
  const colour = look.colour ?? '';
  const nameForm = formOf(visit, 'name', { name: textOf(visit.given, 'name') }, { name });
  const nameField = renderField({
    name: 'name',
    label: words.name,
    hint: words.nameHint,
    value: nameForm.values.name ?? '',
    required: true,
    most: 200,
  });
  const colourForm = formOf(visit, 'colour', { colour: textOf(visit.given, 'colour') }, { colour });
  const colourField = renderField({
    name: 'colour',
    label: words.colour,
    hint: `${words.colourHint} ${words.adjusted}`,
    value: colourForm.values.colour ?? '',
    most: 7,
    placeholder: '#2f3f9e',
    problem: wrongColour && sayProblem(texts, wrongColour),
  });
  return html`${renderSetting({
    id: 'name',
    title: words.nameTitle,
    content: html`${form('name', words.nameTitle, html`${nameField}${renderTheirs(texts, nameForm.theirs.name)}`, { name })}${renderFacts([[words.shortName, html`<code>${slug}</code><span class="sub">${words.shortNameHint}</span>`]])}
<dl class="facts once"><div><dt>${words.signInPage}</dt><dd>${renderCopyable(texts, look.signInPage, words.signInPage)}<span class="sub">${words.signInPageHint}</span></dd></div></dl>`,
  })}
${renderSetting({ id: 'help', title: words.help, content: form('help', words.help, renderPolicyField(visit, 'help', help, helpTextField)) })}
${renderSetting({ id: 'logo', title: words.logo, text: words.lookText, content: renderLogo(visit, look) })}
${renderSetting({
  id: 'colour',
  title: words.colour,
  content: html`<div class="short">${form('colour', words.colour, html`${colourField}${renderTheirs(texts, colourForm.theirs.colour)}`, { colour })}</div>${renderColours(visit, look)}`,
})}`;
}

function renderLogo(visit: Visit, { logo }: Look): Html {
  const words = visit.texts.console.organisation;
  return html`${logo ? renderPicture(visit, logo) : html`<p>${words.noLogo}</p>`}
<div class="actions"><a class="button quiet" href="${path}/logo">${logo ? words.changeLogoOf : words.changeLogo}</a>${
    logo && renderForm(visit, { do: 'remove-logo', at: 'logo', button: words.removeLogo, quiet: true, inline: true })
  }${renderSaved(visit, 'logo')}</div>`;
}

/** By day and by night, as the pages show it. */
const renderPicture = ({ principal }: Visit, { url, width, height }: NonNullable<Look['logo']>) =>
  html`<p class="org-logo"><img src="${url}" alt="${principal.orgName}" width="${width}" height="${height}"></p>`;

function renderColours({ texts }: Visit, { colour, readable }: Look): Html | false {
  const words = texts.console.organisation;
  if (colour === null || readable === null) return false;
  const swatch = (shown: string, ground: string) =>
    html`<svg class="swatch" viewBox="0 0 48 24" aria-hidden="true" focusable="false"><rect width="48" height="24" rx="5" fill="${ground}"/><rect x="8" y="5" width="32" height="14" rx="3" fill="${shown}"/></svg> <code>${shown}</code>`;
  return renderFacts([
    [words.byDay, swatch(readable.light, '#ffffff')],
    [words.byNight, swatch(readable.dark, '#171b2d')],
  ]);
}

/** For whom may look only. */
function renderLooking(visit: Visit, { name, slug, look, help }: Found): Html {
  const { texts } = visit;
  const words = texts.console.organisation;
  return html`${renderFacts([
    [words.name, name],
    [words.shortName, html`<code>${slug}</code>`],
    [
      texts.console.authentication.policies.helpText.label,
      html`<span class="typed">${help.value === null ? words.none : String(help.value)}</span>`,
    ],
    [words.logo, look.logo ? renderPicture(visit, look.logo) : words.noLogo],
    [words.colour, look.colour ?? words.own],
  ])}<p class="hint">${texts.console.settings.ownersAndSuperAdmins}</p>`;
}
