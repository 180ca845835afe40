import { html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from './page.ts';
import { renderPerson } from './person.ts';
import { renderScriptWords } from './script-words.ts';

/** The frame of the list of devices; its script fetches the entries and clones the icons. */
export function renderDevices(texts: Texts, person: Principal): string {
  const words = texts.devices;
  return renderPage({
    texts,
    title: words.title,
    scripts: ['words.js', 'devices.js'],
    aside: renderPerson(texts, person, '/devices'),
    body: html`<div class="sheet">
<div class="heading"><h1>${words.title}</h1> <p id="count" class="count"></p></div>
<p class="whose">${texts.frame.signedInAs(person)}</p>
<noscript><p class="note">${words.withoutScript}</p></noscript>
<p id="problem" class="problem" role="alert"></p>
<ul id="devices" class="devices" aria-label="${words.list}" aria-busy="true"></ul>
<p id="cut" class="note" hidden>${words.cut}</p>
<p id="alone" class="status" hidden>${words.alone}</p>
<div id="everywhere" class="actions" hidden>
<button type="button" id="sign-out-others" class="quiet alarming">${words.others}</button>
<button type="button" id="sign-out-all" class="quiet alarming">${words.all}</button>
</div>
<p id="status" class="unseen" role="status"></p>
<dialog id="confirm" class="card" aria-labelledby="confirm-title" aria-describedby="confirm-text">
<h2 id="confirm-title"></h2>
<p id="confirm-text"></p>
<p id="confirm-problem" class="problem" role="alert"></p>
<p class="actions">
<button type="button" id="confirm-no" class="quiet" autofocus>${words.cancel}</button>
<button type="button" id="confirm-yes" class="alarming"></button>
</p>
</dialog>
${renderScriptWords(texts.script, words.script)}
<template id="icon-screen"><svg class="device-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><rect x="3" y="4.5" width="18" height="12" rx="1.5"/><path d="M8.5 20h7M12 16.5V20"/></svg></template>
<template id="icon-phone"><svg class="device-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.5h2"/></svg></template>
<template id="icon-app"><svg class="device-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><rect x="3" y="3.5" width="18" height="17" rx="2"/><path d="m7 9 3 3-3 3M12.5 15H17"/></svg></template>
</div>`,
  });
}
