import { type Html, html } from '../html.ts';
import { renderPage } from './page.ts';
import { inline, listMembers, type Schema, typeOf } from './reference-schema.ts';

type Content = Record<string, { schema?: Schema; example?: unknown }>;
type Answer = { description: string; headers?: Record<string, { description: string }>; content?: Content };
type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters: { name: string; in: string; required: boolean; description?: string; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, Answer>;
  security: Record<string, string[]>[];
};
/** What of the OpenAPI document the page shows. */
export type ApiDocument = {
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: Record<string, { description: string }>; schemas: Record<string, Schema> };
};

/** The whole interface to read: no script, and nothing but the product's own style sheets. */
export function renderReference(api: ApiDocument): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ ...one, path, method: method.toUpperCase() })),
  );
  const sections = api.tags.map(({ name }) => ({ name, all: operations.filter(({ tags }) => tags.includes(name)) }));
  return renderPage({
    title: 'Reference',
    styles: ['reference.css'],
    body: html`<div class="api">
<div class="intro">
<h1>Reference</h1>
<p class="lead">${inline(api.info.description)}</p>
<p>Version ${api.info.version}, at <code>${api.servers[0]?.url}</code>. For machines: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). What each problem means: <a href="/problems">Problems</a>.</p>
</div>
<nav aria-label="Operations">
${sections.map(
  ({ name, all }) => html`<details><summary>${name}</summary>
<ul>${all.map((one) => html`<li><a href="#${one.operationId}">${one.summary}</a></li>\n`)}</ul></details>
`,
)}<a href="#schemas">Schemas</a>
</nav>
<div>
<h2 id="credentials">Credentials</h2>
<dl class="members">${Object.entries(api.components.securitySchemes).map(
      ([name, { description }]) => html`<div><dt><code>${name}</code></dt><dd>${inline(description)}</dd></div>\n`,
    )}</dl>
${sections.map(({ name, all }) => html`<h2>${name}</h2>\n${all.map(operation)}`)}
<h2 id="schemas">Schemas</h2>
${Object.entries(api.components.schemas).map(
  ([name, schema]) => html`<section class="operation" id="schema-${name}">
<h3>${name}</h3>
${prose(schema.description)}${listMembers(schema)}</section>
`,
)}</div>
</div>`,
  });
}

const operation = (
  one: Operation & { method: string; path: string },
) => html`<section class="operation" id="${one.operationId}">
<h3><a href="#${one.operationId}">${one.summary}</a></h3>
<p class="address"><b class="${one.method.toLowerCase()}">${one.method}</b> <code>${one.path}</code></p>
${prose(one.description)}<p class="eyebrow">${credentials(one.security)}</p>
${
  one.parameters.length > 0 &&
  html`<h4>Parameters</h4>
<dl class="members">${one.parameters.map(
    ({
      name,
      in: where,
      required,
      description,
      schema,
    }) => html`<div><dt><code>${name}</code> <span>${where}, ${typeOf(schema)}${!required && ', optional'}</span></dt>
<dd>${inline(description ?? '')}</dd></div>
`,
  )}</dl>
`
}${Object.entries(one.requestBody?.content ?? {}).map(
  ([type, { schema, example }]) => html`<h4>Body</h4>
<p class="eyebrow"><code>${type}</code></p>
${schema && listMembers(schema)}${example !== undefined && html`<pre tabindex="0">${JSON.stringify(example, null, 2)}</pre>\n`}`,
)}<h4>Answers</h4>
${Object.entries(one.responses).map(answer)}</section>
`;

function answer([status, { description, headers = {}, content = {} }]: [string, Answer]): Html {
  const types = Object.keys(content);
  const schema = Object.values(content)[0]?.schema;
  const isProblem = types[0] === 'application/problem+json';
  const what = html`<code>${status}</code> ${inline(description)}`;
  const more = Object.entries(headers).map(
    ([name, { description }]) => html` <code>${name}</code>: ${inline(description)}`,
  );
  if (isProblem || !schema || schema.type === 'string') return html`<p class="answer">${what}${more}</p>\n`;
  return html`<details class="answer"><summary>${what}</summary>
<p class="eyebrow">${types.map((type) => html`<code>${type}</code> `)}</p>
${listMembers(schema)}</details>
`;
}

function credentials(security: Operation['security']): Html | string {
  const named = security.filter((one) => Object.keys(one).length > 0);
  if (named.length === 0) return 'No credential.';
  const list = named
    .flatMap((one) => Object.entries(one))
    .map(([name, scopes], index) => {
      const scope = scopes.length > 0 && html` with the scope <code>${scopes.join(' ')}</code>`;
      return html`${index > 0 && ' or '}<a href="#credentials">${name}</a>${scope}`;
    });
  return html`${list}${named.length < security.length && ', or none'}`;
}

/** Paragraphs, with `code` between backticks. */
function prose(text: string | undefined): Html[] {
  return (text ?? '')
    .split('\n\n')
    .filter(Boolean)
    .map((part) => html`<p>${inline(part)}</p>\n`);
}
