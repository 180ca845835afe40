import { html } from '../html.ts';
import type { Principal } from '../sessions/principal.ts';
import { renderPage } from './page.ts';
import { renderPerson } from './person.ts';

/** The frame of the list; the tasks are fetched, so that one piece of code shows them and clears them. */
export function renderTodos(person: Principal): string {
  return renderPage({
    title: 'Your list',
    scripts: ['todos.js'],
    aside: renderPerson(person, { href: '/devices', label: 'Devices' }),
    body: html`<div class="sheet">
<div class="heading"><h1>Your list</h1> <p id="count" class="count"></p></div>
<p class="whose">Signed in as ${person.email}</p>
<noscript><p class="note">The list needs JavaScript.</p></noscript>
<form id="add" class="add" autocomplete="off">
<label for="task" class="unseen">New task</label>
<input id="task" name="task" type="text" maxlength="1000" placeholder="What is next?" autocomplete="off" required>
<button type="submit">Add</button>
</form>
<p id="problem" class="problem" role="alert"></p>
<ul id="todos" class="todos" aria-label="Tasks" aria-busy="true"></ul>
<p id="empty" class="empty" hidden>Nothing to do. Enjoy the quiet, or write down what is next.</p>
<p id="status" class="unseen" role="status"></p>
</div>`,
  });
}
