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
    aside: renderPerson(texts, person, { href: '/devices', label: texts.devices.link }),
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
<p id="empty" class="empty" hidden>${words.nothing}</p>
<p id="status" class="unseen" role="status"></p>
${renderScriptWords(texts.script, words.script)}
</div>`,
  });
}
