import { followSession, request, signOut } from './live-session.js';
import { createRow } from './todo-row.js';
import { say } from './words.js';

const list = document.getElementById('todos');
const form = document.getElementById('add');
const field = document.getElementById('task');
const rows = new Map();
const page = { announce, explain, offerUndo, refresh, remove, request };
const undoBar = document.getElementById('undo');
const undoButton = undoBar.querySelector('button');
/** Milliseconds in which nobody is at the bar. */
const undoFor = 12_000;
let deleted = null;
let undoTimer = 0;

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
  document.getElementById('account').hidePopover();
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

undoButton.addEventListener('click', () => void undo());
addEventListener('keydown', (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === 'z';
  if (!isUndo || !deleted || event.target.matches?.('input[type="text"]')) return;
  event.preventDefault();
  void undo();
});

/** What was deleted is gone. Undoing adds it again, so the server's list is always the truth. */
function offerUndo(todo) {
  deleted = todo;
  undoBar.querySelector('p').textContent = say('deleted', todo);
  undoButton.ariaLabel = say('undoDeleting', todo);
  undoBar.hidden = false;
  announce(say('deleted', todo));
  keepUndo();
}

function keepUndo() {
  clearTimeout(undoTimer);
  undoTimer = setTimeout(() => {
    if (undoBar.matches(':hover, :focus-within')) keepUndo();
    else closeUndo();
  }, undoFor);
}

function closeUndo() {
  clearTimeout(undoTimer);
  deleted = null;
  undoBar.hidden = true;
}

async function undo() {
  const todo = deleted;
  if (!todo || undoButton.ariaDisabled === 'true') return;
  undoButton.ariaDisabled = 'true';
  clearTimeout(undoTimer);
  explain('');
  try {
    const { task, completed } = todo;
    const row = place(await request('POST', '/api/todos', { task, completed }));
    list.append(row.element);
    // Another one may have been deleted meanwhile.
    if (deleted === todo) closeUndo();
    row.focus();
    announce(say('addedAgain', todo));
    refresh();
  } catch (error) {
    // The bar stays: nothing is lost.
    explain(`${say('notAdded', todo)} ${error.message}`);
  } finally {
    undoButton.ariaDisabled = null;
  }
}

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
