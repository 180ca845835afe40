import { may } from '../api/permissions.ts';
import { html } from '../html.ts';
import type { Use } from './operations.ts';
import { renderForm } from './parts.ts';
import { type Policy, type PolicyField, policySections } from './policy-fields.ts';
import { renderPolicyFacts, renderPolicyField } from './policy-form.ts';
import { createSavePolicies } from './saving-policies.ts';
import type { Act, Screen, Visit } from './screen.ts';
import { renderSaved, renderSetting, settingsTrail } from './settings-parts.ts';
import { withoutFieldProblem } from './wrong-fields.ts';

const path = '/admin/settings/authentication';

type SectionName = keyof typeof policySections;
const sectionNames = Object.keys(policySections) as SectionName[];

/** Settings › Sessions & security › Authentication: the policies, a form for each that go together. */
export function policyScreens(use: Use): readonly Screen[] {
  const { read, save } = createSavePolicies(use);

  const act =
    (section: SectionName): Act =>
    async (visit) => {
      const words = visit.texts.console.authentication;
      const confirm = await save(visit, {
        act: section,
        name: words.sections[section].title,
        fields: policySections[section],
        trail: [...settingsTrail(visit), { label: words.title, href: path }],
        back: `${path}#${section}`,
      });
      return confirm ?? { to: `${path}#${section}`, savedIn: section };
    };

  return [
    {
      path,
      id: 'showAuthentication',
      summary: 'Settings: sessions and security',
      area: 'settings',
      async show(visit) {
        const words = visit.texts.console.authentication;
        const byName = await read(visit);
        return {
          title: words.title,
          trail: [
            ...settingsTrail(visit),
            { label: visit.texts.console.settings.security, href: '/admin/settings#security' },
          ],
          body: html`<h1>${words.title}</h1>${sectionNames.map((name) => renderSection(visit, name, byName))}`,
        };
      },
      acts: Object.fromEntries(sectionNames.map((name) => [name, act(name)])),
    },
  ];
}

function renderSection(visit: Visit, name: SectionName, byName: ReadonlyMap<string, Policy>) {
  const { principal, texts } = visit;
  const fields = policySections[name].map((asked) => ({ asked, policy: byName.get(asked.policy) as Policy }));
  const fieldNames = policySections[name].map((field) => field.name);
  const { title, text } = texts.console.authentication.sections[name];
  return renderSetting({
    id: name,
    title,
    text,
    content: may(principal.role, 'settings.change')
      ? renderForm(withoutFieldProblem(visit, fieldNames), {
          do: name,
          at: name,
          button: texts.console.save,
          label: `${texts.console.save}: ${title}`,
          content: renderFields(visit, name, fields),
          beside: renderSaved(visit, name),
        })
      : html`${renderPolicyFacts(visit, fields)}<p class="hint">${texts.console.settings.ownersAndSuperAdmins}</p>`,
  });
}

function renderFields(
  visit: Visit,
  name: SectionName,
  fields: readonly Readonly<{ policy: Policy; asked: PolicyField }>[],
) {
  const rendered = fields.map(({ asked, policy }) => renderPolicyField(visit, name, policy, asked));
  return name === 'events' || name === 'accounts' ? html`<div class="pairs">${rendered}</div>` : rendered;
}
