import { html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { renderPage } from './page.ts';
import { renderPerson } from './person.ts';
import { renderScriptWords } from './script-words.ts';

/** The frame of the list; a script fetches the tasks: one piece of code shows and clears them. */
export function renderTodos(texts: Texts, person: Principal): string {
  const words = texts.todos;
  return renderPage({
    texts,
    title: words.title,
    scripts: ['words.js', 'todos.js'],
    aside: renderPerson(texts, person, '/todos'),
    body: html`<div class="sheet">
<div class="heading"><h1>${words.title}</h1> <p id="count" class="count"></p></div>
<p class="whose">${texts.frame.signedInAs(person)}</p>
<noscript><p class="note">${words.withoutScript}</p></noscript>
<form method="post" action="/todos" id="add" class="add" autocomplete="off">
<label for="task" class="unseen">${words.newTask}</label>
<input id="task" name="task" type="text" maxlength="1000" placeholder="${words.whatIsNext}" autocomplete="off" required>
<button type="submit">${words.add}</button>
</form>
<p id="problem" class="problem" role="alert"></p>
<ul id="todos" class="todos" aria-label="${words.tasks}" aria-busy="true"></ul>
<div id="undo" class="undo" hidden><p class="undo-text"></p><button type="button" class="link">${words.script.undo}</button></div>
<p id="empty" class="empty" hidden>${words.nothing}</p>
<p id="status" class="unseen" role="status"></p>
${renderScriptWords(texts.script, words.script)}
<template id="icon-rename"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M4 20l.9-4.2L16 4.700a1.700 1.700 0 0 1 2.400 0l.9.9a1.700 1.700 0 0 1 0 2.400L8.200 19.100zM14 6.700l3.300 3.300"/></svg></template>
<template id="icon-delete"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M5 7h14M9.500 7V4.500h5V7M7 7l.8 13h8.400L17 7M10.200 10.500l.3 6.500M13.800 10.500l-.3 6.500"/></svg></template>
</div>`,
  });
}
