import { expect, it } from 'vitest';
import { connectorKinds, connectors } from '../../src/accounts/connectors/all.ts';
import { connectorErrors } from '../../src/accounts/connectors/errors.ts';
import { examples, settingFieldsOf, settingsFrom, settingTexts } from '../../src/console/connector-fields.ts';
import { languages } from '../../src/texts/texts.ts';

// The form of an account follows the connectors' own forms: what is new there needs words here.

it.each(languages.map((texts) => [texts.language, texts] as const))(
  'every connector, setting, choice and error has words: %s',
  (_, { rotationErrors, console: { accounts: words } }) => {
    const isNamed = (names: object, name: string) => Object.hasOwn(names, name);
    for (const names of [words.connectors, words.connectorHints])
      expect(connectorKinds.filter((kind) => !isNamed(names, kind))).toEqual([]);
    const fields = connectorKinds.flatMap(settingFieldsOf);
    expect(fields.map(({ name }) => name).filter((name) => !isNamed(words.fields.names, name))).toEqual([]);
    const choices = fields.filter(({ name }) => name !== 'method').flatMap(({ options }) => options);
    expect(choices.filter((choice) => !isNamed(words.fields.choices, choice))).toEqual([]);
    expect(connectorErrors.filter((error) => !isNamed(rotationErrors, error))).toEqual([]);
  },
);

it('what is required, and what is left out, is as the connector has it', () => {
  const required = (kind: string) =>
    settingFieldsOf(kind)
      .filter((field) => field.required)
      .map(({ name }) => name);
  expect(required('postgresql')).toEqual(['host']);
  expect(required('manual')).toEqual([]);
  const fields = settingFieldsOf('postgresql');
  const typed = { ...settingTexts(fields, {}), host: 'db.internal', port: '5433', tls: 'off', database: '' };
  expect(connectors.postgresql.settings.parse(settingsFrom(fields, typed))).toEqual({
    host: 'db.internal',
    port: 5433,
    tls: 'off',
    database: 'postgres',
  });
});

it('what a form shows, sent back as it is, changes nothing', () => {
  const settings = connectors.ldap.settings.parse({ host: 'ldap.internal', userDn: 'uid={{user}},dc=x' }) as object;
  const fields = settingFieldsOf('ldap');
  expect(settingsFrom(fields, settingTexts(fields, { ...settings }))).toEqual(settings);
});

it('examples of JSON are what the connectors take', () => {
  const parsed = Object.fromEntries(Object.entries(examples).map(([name, text]) => [name, JSON.parse(text)]));
  connectors.http.settings.parse({ url: 'https://app.example.com/password', ...parsed });
  connectors.scim.settings.parse({ baseUrl: 'https://app.example.com/scim/v2', verify: parsed.verify });
});

it('says which setting is no JSON', () => {
  const fields = settingFieldsOf('http');
  const settings = () => settingsFrom(fields, { url: 'https://app.example.com', body: '{' });
  expect(settings).toThrow(expect.objectContaining({ code: 'invalid_request', errors: [expect.anything()] }));
});
