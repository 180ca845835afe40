import { followSession, request, signOut } from './live-session.js';
import { createRow } from './todo-row.js';
import { say } from './words.js';

const list = document.getElementById('todos');
const form = document.getElementById('add');
const field = document.getElementById('task');
const rows = new Map();
const page = { announce, explain, refresh, remove, request };

followSession({ onBack: load });
void load();

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const task = field.value.trim();
  if (task === '') return;
  explain('');
  // The task shows at once, marked as unsaved; on a failure its text goes back into the field.
  const draft = createRow({ id: '', task, completed: false }, page);
  draft.setBusy(true);
  list.append(draft.element);
  field.value = '';
  refresh();
  try {
    const saved = await request('POST', '/api/todos', { task });
    const row = place(saved);
    draft.element.replaceWith(row.element);
    announce(say('added', saved));
  } catch (error) {
    draft.element.remove();
    if (field.value === '') field.value = task;
    explain(`${say('notAdded', { task })} ${error.message}`);
    field.focus();
  }
  refresh();
});

document.getElementById('sign-out').addEventListener('click', async (event) => {
  event.preventDefault();
  const button = event.currentTarget;
  if (button.ariaDisabled === 'true') return;
  button.ariaDisabled = 'true';
  explain('');
  try {
    await signOut();
  } catch (error) {
    button.ariaDisabled = null;
    explain(`${say('stillSignedIn')} ${error.message}`);
  }
});

async function load() {
  // The list isn't replaced during a rename or a change that is under way.
  if (list.querySelector('[aria-busy="true"], form')) return;
  list.setAttribute('aria-busy', 'true');
  try {
    const { todos } = await request('GET', '/api/todos');
    if (list.querySelector('li[aria-busy="true"], form')) return;
    const held = document.activeElement?.closest('li')?.dataset.id;
    rows.clear();
    list.replaceChildren(...todos.map((todo) => place(todo).element));
    if (held) rows.get(held)?.focus();
    list.dataset.loaded = 'yes';
    explain('');
  } catch (error) {
    explain(`${say('listNotLoaded')} ${error.message}`, load);
  } finally {
    list.setAttribute('aria-busy', 'false');
    refresh();
  }
}

function place(todo) {
  const row = createRow(todo, page);
  rows.set(todo.id, row);
  return row;
}

function remove(id) {
  const element = rows.get(id)?.element;
  const next = element?.nextElementSibling ?? element?.previousElementSibling;
  const focused = element?.contains(document.activeElement);
  element?.remove();
  rows.delete(id);
  if (focused) (next ? rows.get(next.dataset.id) : field)?.focus();
  refresh();
}

function refresh() {
  const all = list.querySelectorAll('li').length;
  const done = list.querySelectorAll('li.done').length;
  document.getElementById('count').textContent = all === 0 ? '' : say('count', { done, all });
  document.getElementById('empty').hidden = all > 0 || !list.dataset.loaded;
}

function explain(text, retry) {
  const place = document.getElementById('problem');
  place.textContent = text;
  if (!text || !retry) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'link';
  button.textContent = say('tryAgain');
  button.addEventListener('click', retry);
  place.append(' ', button);
}

function announce(text) {
  document.getElementById('status').textContent = text;
}
