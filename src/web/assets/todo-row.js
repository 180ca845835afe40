import { say } from './words.js';

/**
 * One task. A change shows at once and is marked as unsaved until the server accepts it; on a
 * refusal the row goes back to the server's values and the page says so.
 */
export function createRow(first, page) {
  let todo = first;
  const element = document.createElement('li');
  element.dataset.id = todo.id;
  const box = document.createElement('input');
  box.type = 'checkbox';
  const words = document.createElement('span');
  words.className = 'task';
  const label = document.createElement('label');
  label.append(box, words);
  const renameButton = createIconButton('rename');
  const deleteButton = createIconButton('delete');
  element.append(label, renameButton, deleteButton);
  show(todo);

  box.addEventListener('change', () => {
    if (isBusy()) {
      box.checked = todo.completed;
      return;
    }
    const completed = box.checked;
    void save({ completed }, completed ? 'done' : 'openAgain', 'notChanged');
  });
  deleteButton.addEventListener('click', async () => {
    if (isBusy()) return;
    element.classList.add('leaving');
    await attempt(
      'notDeleted',
      async () => {
        await page.request('DELETE', pathOf(todo));
        page.remove(todo.id);
        page.offerUndo(todo);
      },
      'deleting',
    );
    element.classList.remove('leaving');
  });
  renameButton.addEventListener('click', () => {
    if (!isBusy()) openRename();
  });

  return { element, setBusy, focus: () => box.focus() };

  function openRename() {
    const form = document.createElement('form');
    form.className = 'rename';
    form.method = 'dialog';
    const field = document.createElement('input');
    field.type = 'text';
    field.value = todo.task;
    field.maxLength = 1000;
    field.required = true;
    field.autocomplete = 'off';
    field.setAttribute('aria-label', say('newWords', todo));
    const keep = createButton(say('save'), say('saveNewWords'));
    keep.type = 'submit';
    const cancel = createButton(say('cancel'), say('cancelRenaming'));
    form.append(field, keep, cancel);
    element.replaceChildren(form);
    field.select();
    const close = () => {
      element.replaceChildren(label, renameButton, deleteButton);
      renameButton.focus();
    };
    cancel.addEventListener('click', close);
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') close();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const task = field.value.trim();
      if (task === '') return;
      close();
      if (task !== todo.task) void save({ task }, 'renamed', 'notRenamed');
    });
  }

  // Only changed members are sent: others may have moved on in another tab.
  async function save(change, done, failed) {
    show({ ...todo, ...change });
    page.refresh();
    await attempt(failed, async () => {
      todo = await page.request('PUT', pathOf(todo), change);
      page.announce(say(done, todo));
    });
    show(todo);
    page.refresh();
  }

  async function attempt(failed, change, state = 'saving') {
    setBusy(true, state);
    page.explain('');
    try {
      await change();
    } catch (error) {
      page.explain(`${say(failed, todo)} ${error.message}`);
    } finally {
      setBusy(false);
    }
  }

  function show(state) {
    words.textContent = state.task;
    box.checked = state.completed;
    element.classList.toggle('done', state.completed);
    renameButton.ariaLabel = say('renameTask', state);
    deleteButton.ariaLabel = say('deleteTask', state);
  }

  /** The stylesheet shows the word of the state behind the task. */
  function setBusy(busy, state = 'saving') {
    if (busy) {
      element.setAttribute('aria-busy', 'true');
      words.dataset.state = say(state);
    } else {
      element.removeAttribute('aria-busy');
      delete words.dataset.state;
    }
  }

  function isBusy() {
    return element.getAttribute('aria-busy') === 'true';
  }
}

function createButton(text, name) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'link';
  button.textContent = text;
  if (name) button.ariaLabel = name;
  return button;
}

/** Where there is little room the icon stands alone; a row's buttons are named by its task. */
function createIconButton(name) {
  const button = createButton('');
  const words = document.createElement('span');
  words.className = 'label';
  words.textContent = say(name);
  button.append(document.getElementById(`icon-${name}`).content.cloneNode(true), words);
  return button;
}

const pathOf = (todo) => `/api/todos/${encodeURIComponent(todo.id)}`;
