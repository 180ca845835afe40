import { type Html, html } from '../html.ts';
import { renderPage } from './page.ts';
import { curlOf } from './reference-curl.ts';
import type { Addressed, Answer, ApiDocument, Described } from './reference-document.ts';
import { createSchemaViews, inline, type SchemaViews, typeOf } from './reference-schema.ts';

export type { ApiDocument } from './reference-document.ts';

/** The whole interface to read. It is complete without its script, which searches and copies. */
export function renderReference(api: ApiDocument): string {
  const server = api.servers[0]?.url ?? '';
  const views = createSchemaViews(api.components.schemas);
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ ...described, path, method: method.toUpperCase() })),
  );
  const chapters = api.tags.map(({ name, description }) => ({
    name,
    description,
    all: operations.filter(({ tags }) => tags.includes(name)),
  }));
  const messages = Object.entries(api.webhooks).map(([type, { post }]) => ({ ...post, type }));
  const firstCall = operations.find(({ operationId }) => operationId === 'revokeGlobally');
  return renderPage({
    title: 'Reference',
    styles: ['reference.css'],
    scripts: ['reference.js'],
    body: html`<div class="api">
<div class="intro">
<h1>Reference</h1>
<p class="lead">${inline(api.info.description)}</p>
<p>Version ${api.info.version}, at <code>${server}</code>. For machines: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). What each problem means: <a href="/problems">Problems</a>.</p>
</div>
${firstCall && renderFirstCall(firstCall, server)}<div class="finder">
<form method="dialog" class="search" role="search" hidden>
<label for="search">Find an operation</label>
<input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="revoke, POST, todos…" aria-describedby="found">
</form>
<p id="found" class="eyebrow" role="status"></p>
<p id="copied" class="unseen" role="status"></p>
<nav aria-label="Operations">
<ul>${firstCall && html`<li><a href="#first-call">First call</a></li>\n`}<li><a href="#credentials">Credentials</a></li></ul>
${chapters.map(({ name, all }) => contents(name, all))}${contents('What webhooks receive', messages)}<ul><li><a href="#schemas">Schemas</a></li></ul>
</nav>
</div>
<div class="reading">
<section>
<h2 id="credentials">Credentials</h2>
<dl class="members">${Object.entries(api.components.securitySchemes).map(
      ([way, { description, in: where, name }]) =>
        html`<div><dt><code>${way}</code>${name && html` <span>${where} <code>${name}</code></span>`}</dt><dd>${inline(description)}</dd></div>\n`,
    )}</dl>
<p>In the commands below a variable of the shell stands for yours:</p>
<dl class="members">
<div><dt><code>$API_KEY</code></dt><dd>As in the <a href="#first-call">first call</a>, with the scope that the operation needs.</dd></div>
<div><dt><code>$ACCESS_TOKEN</code></dt><dd>What an app got from <a href="#getToken">the authorization server</a>. To try things as a person, let the command line sign you in and send the request:
<pre tabindex="0" data-copy>npm run -s cli -- login --admin --url '${server}'
npm run -s cli -- api --url '${server}' GET /api/users/me</pre></dd></div>
<div><dt><code>$COOKIE</code></dt><dd>The session’s cookie as <code>name=value</code>, from the developer tools of a browser that is signed in.</dd></div>
<div><dt><code>$METRICS_TOKEN</code></dt><dd>The setting of this name.</dd></div>
</dl>
</section>
${chapters.map(
  ({ name, description, all }) => html`<section class="chapter">
<h2>${name}</h2>
${prose(description)}${all.map((operation) => renderOperation(operation, server, views))}</section>
`,
)}<section class="chapter">
<h2>What webhooks receive</h2>
<p>Each message is posted as JSON to the webhooks that chose its kind, and signed (Standard Webhooks). Verify the signature with the webhook’s secret before you believe a message.</p>
${messages.map((message) => renderMessage(message, views))}</section>
<section class="chapter">
<h2 id="schemas">Schemas</h2>
${Object.entries(api.components.schemas).map(
  ([name, schema]) => html`<section class="operation" id="schema-${name}">
<h3>${name}</h3>
${prose(schema.description)}${views.list(schema)}</section>
`,
)}</section>
<p class="nothing" hidden>Nothing here fits. Try a word of its name, a part of its address, or a method.</p>
</div>
</div>`,
  });
}

const contents = (name: string, all: readonly Described[]) => html`<details><summary>${name}</summary>
<ul>${all.map(({ operationId, summary }) => html`<li><a href="#${operationId}">${inline(summary)}</a></li>\n`)}</ul></details>
`;

function renderFirstCall(operation: Addressed, server: string): Html {
  return html`<section class="first" aria-labelledby="first-call">
<h2 id="first-call">First call</h2>
<ol>
<li><h3>Get a key</h3>
<p>An administrator makes one with <a href="#createApiKey">createApiKey</a>. Whoever operates the deployment makes one on its command line, here for the organisation that <code>npm run dev</code> brings. The key is shown once.</p>
<pre tabindex="0" data-copy>npm run -s cli -- api-key create --org whiterabbit.fake --name 'First call'
export API_KEY='ul_…'</pre></li>
<li><h3>Sign somebody out</h3>
<p>Of everything: every browser, every app, on every node. <a href="#${operation.operationId}">More ways to say who is meant</a>.</p>
<pre tabindex="0" data-copy>${curlOf(operation, server)}</pre></li>
<li><h3>See that it is done</h3>
<pre tabindex="0">HTTP/1.1 204 No Content</pre>
<p>From here on no request gets anything with what the person held before. Asking twice does no harm. <code>401</code>: the key doesn’t count. <code>404</code> with ${inline('`user_not_found`')}: your organisation has nobody of this address.</p></li>
</ol>
</section>
`;
}

const renderOperation = (
  operation: Addressed,
  server: string,
  views: SchemaViews,
) => html`<section class="operation" id="${operation.operationId}">
<h3><a href="#${operation.operationId}">${inline(operation.summary)}</a></h3>
<p class="address"><b class="${operation.method.toLowerCase()}">${operation.method}</b> <code>${operation.path}</code></p>
${prose(operation.description)}<p class="eyebrow">${credentials(operation.security)}</p>
<pre tabindex="0" data-copy>${curlOf(operation, server)}</pre>
${renderParameters(operation)}${renderBody(operation, views)}<h4>Answers</h4>
${Object.entries(operation.responses).map(([status, answer]) => renderAnswer(status, answer, views))}</section>
`;

function renderMessage(message: Described & { type: string }, views: SchemaViews): Html {
  const { example } = message.requestBody?.content['application/json'] ?? {};
  return html`<section class="operation" id="${message.operationId}">
<h3><a href="#${message.operationId}">${inline(message.summary)}</a></h3>
<p class="address"><b>type</b> <code>${message.type}</code></p>
${prose(message.description)}<pre tabindex="0">${JSON.stringify(example, null, 2)}</pre>
${renderParameters(message, 'Headers')}${renderBody(message, views)}<h4>Answers</h4>
${Object.entries(message.responses).map(([status, answer]) => renderAnswer(status, answer, views))}</section>
`;
}

function renderParameters({ parameters }: Described, heading = 'Parameters'): Html | false {
  if (parameters.length === 0) return false;
  return html`<h4>${heading}</h4>
<dl class="members">${parameters.map(
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
`;
}

function renderBody({ requestBody }: Described, views: SchemaViews): Html[] {
  return Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => html`<h4>Body</h4>
<p class="eyebrow"><code>${type}</code></p>
${schema && views.list(schema)}`,
  );
}

function renderAnswer(status: string, answer: Answer, views: SchemaViews): Html | false {
  const { description, headers = {}, content = {} } = answer;
  // What all refusals share is described once, as the schema Problem.
  if (description === undefined) return false;
  const [[type, { schema, example }] = ['', { schema: undefined, example: undefined }]] = Object.entries(content);
  const what = html`<code>${status}</code> ${inline(description)}`;
  const more = Object.entries(headers).map(
    ([name, { description }]) => html` <code>${name}</code>: ${inline(description)}`,
  );
  const isProblem = type === 'application/problem+json' && example === undefined;
  if (isProblem || !schema || schema.type === 'string') return html`<p class="answer">${what}${more}</p>\n`;
  // The description may hold links, which don't belong into a summary.
  return html`<div class="answer">${what}${more}
<details><summary>${Object.keys(content).map((name, index) => html`${index > 0 && ', '}<code>${name}</code>`)}</summary>
${example === undefined ? views.list(schema) : html`<p>${typeOf(schema)}</p>\n<pre tabindex="0">${JSON.stringify(example, null, 2)}</pre>\n`}</details></div>
`;
}

function credentials(security: Described['security']): Html | string {
  const named = security.filter((way) => Object.keys(way).length > 0);
  if (named.length === 0) return 'No credential.';
  const list = named
    .flatMap((way) => Object.entries(way))
    .map(([name, scopes], index) => {
      const scope = scopes.length > 0 && html` with the scope <code>${scopes.join(' ')}</code>`;
      return html`${index > 0 && ' or '}<a href="#credentials">${name}</a>${scope}`;
    });
  return html`Credential: ${list}${named.length < security.length && ', or none'}`;
}

/** Paragraphs, with `code` between backticks. */
function prose(text: string | undefined): Html[] {
  return (text ?? '')
    .split('\n\n')
    .filter(Boolean)
    .map((part) => html`<p>${inline(part)}</p>\n`);
}
