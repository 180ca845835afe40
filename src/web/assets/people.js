// Choosing people in a list, and asking in a dialog before access ends.

import { letCopy, localise } from './console.js';
import { sayCount } from './words.js';

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-dialog]');
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open(link);
});

/** Shows the page that a link leads to as a dialog; what can't be shown so is a page as ever. */
function open(link) {
  if (link.dataset.loading) return;
  link.dataset.loading = 'yes';
  // The parser of a request's document is no sink that the content security policy closes.
  const asked = new XMLHttpRequest();
  asked.open('GET', link.href);
  asked.responseType = 'document';
  asked.addEventListener('loadend', () => {
    delete link.dataset.loading;
    const content = asked.response?.querySelector('[data-ending]');
    if (asked.status !== 200 || !content) return location.assign(link.href);
    show(document.adoptNode(content), link.href);
  });
  asked.send();
}

function show(content, address) {
  const dialog = document.createElement('dialog');
  dialog.className = 'card ending';
  lowerHeadings(content);
  const title = content.querySelector('h2');
  title.id = 'ending-title';
  // The focus begins at what is asked, not at a field or the button that can't be undone.
  title.tabIndex = -1;
  title.autofocus = true;
  dialog.setAttribute('aria-labelledby', title.id);
  for (const form of content.querySelectorAll('form')) form.action = address;
  for (const link of content.querySelectorAll('[data-close]'))
    link.addEventListener('click', (event) => {
      event.preventDefault();
      dialog.close();
    });
  dialog.addEventListener('close', () => dialog.remove());
  dialog.append(content);
  document.getElementById('content').append(dialog);
  localise(dialog);
  letCopy(dialog);
  dialog.showModal();
}

/** The page below has the first heading. */
function lowerHeadings(content) {
  for (const level of [3, 2, 1])
    for (const heading of content.querySelectorAll(`h${level}`)) {
      const lower = document.createElement(`h${level + 1}`);
      for (const { name, value } of heading.attributes) lower.setAttribute(name, value);
      lower.append(...heading.childNodes);
      heading.replaceWith(lower);
    }
}

const boxes = () => [...document.querySelectorAll('#results .pick input')];
const others = () => document.querySelector('#results input[type="hidden"][name="users"]');

// The choice outlives the page: whoever turns it, searches on or comes back finds it again in this
// tab. The server knows nothing of it until the form is sent.
const place = `people-chosen:${document.getElementById('results')?.dataset.whose}`;
/** Whom a form that was sent signs out; only the page after it knows whether it has. */
const leaving = 'people-leaving';
forgetSignedOut();
const kept = () => (sessionStorage.getItem(place) ?? '').split(' ').filter(Boolean);
const chosen = new Set(kept());

function forgetSignedOut() {
  if (!document.querySelector('[data-receipt]')) return;
  const gone = new Set((sessionStorage.getItem(leaving) ?? '').split(' '));
  sessionStorage.removeItem(leaving);
  for (const key of Object.keys(sessionStorage)) {
    if (!key.startsWith('people-chosen:')) continue;
    const rest = sessionStorage
      .getItem(key)
      .split(' ')
      .filter((id) => !gone.has(id));
    if (rest.length > 0) sessionStorage.setItem(key, rest.join(' '));
    else sessionStorage.removeItem(key);
  }
}

function keep() {
  if (chosen.size > 0) sessionStorage.setItem(place, [...chosen].join(' '));
  else sessionStorage.removeItem(place);
}

function count() {
  const button = document.querySelector('#results button[value="go-on"]');
  const hidden = others();
  if (!button || !hidden) return;
  const here = new Set(boxes().map(({ value }) => value));
  const elsewhere = [...chosen].filter((id) => !here.has(id));
  hidden.value = elsewhere.join(' ');
  button.dataset.words ??= button.textContent;
  button.textContent = chosen.size > 0 ? sayCount('chosen', chosen.size) : button.dataset.words;
  button.disabled = chosen.size === 0;
  document.querySelector('#results .clear-choice').hidden = chosen.size === 0;
  sayElsewhere(elsewhere.length);
  const all = document.getElementById('choose-all');
  if (!all) return;
  const ticked = boxes().filter(({ checked }) => checked).length;
  all.checked = ticked > 0 && ticked === boxes().length;
  all.indeterminate = ticked > 0 && !all.checked;
}

function sayElsewhere(number) {
  let line = document.querySelector('#results .elsewhere');
  if (!line) {
    line = document.createElement('p');
    line.className = 'elsewhere';
    document.querySelector('#results .table').before(line);
  }
  line.hidden = number === 0;
  line.textContent = number === 0 ? '' : sayCount('elsewhere', number);
}

function choose({ value, checked }) {
  if (checked) chosen.add(value);
  else chosen.delete(value);
}

/** A box in the head of the list chooses everybody who is on the page. */
function letChooseAll() {
  const results = document.getElementById('results');
  const head = results?.querySelector('thead th');
  if (!head || boxes().length === 0 || document.getElementById('choose-all')) return;
  const all = document.createElement('input');
  all.type = 'checkbox';
  all.id = 'choose-all';
  all.setAttribute('aria-label', results.dataset.choose);
  head.prepend(all);
  all.addEventListener('change', () => {
    for (const box of boxes()) {
      box.checked = all.checked;
      choose(box);
    }
    keep();
    count();
  });
}

/** Makes the list that is there show the choice. */
function renew() {
  letChooseAll();
  for (const box of boxes()) box.checked = chosen.has(box.value);
  // Links turn the page as well: the choice is kept here.
  document.querySelector('#results button[value="turn"]')?.remove();
  count();
}

if (document.getElementById('results')?.dataset.whose) {
  // Whoever is here again without a receipt has given it up.
  sessionStorage.removeItem(leaving);
  // The server has turned the page with a choice.
  for (const id of others()?.value.split(' ').filter(Boolean) ?? []) chosen.add(id);
  for (const box of boxes()) if (box.defaultChecked) chosen.add(box.value);
  addEventListener('change', ({ target }) => {
    if (!target.closest?.('.pick')) return;
    choose(target);
    keep();
    count();
  });
  addEventListener('click', (event) => {
    if (!event.target.closest?.('.clear-choice')) return;
    event.preventDefault();
    chosen.clear();
    keep();
    renew();
    boxes()[0]?.focus();
  });
  addEventListener('pageshow', ({ persisted }) => {
    // The page comes from memory: other pages may have changed the choice meanwhile.
    if (persisted) {
      chosen.clear();
      for (const id of kept()) chosen.add(id);
    }
    renew();
  });
  // A search puts another list in the place of this one.
  new MutationObserver(renew).observe(document.getElementById('content'), { childList: true });
  renew();
}

// Who was signed out isn't chosen any more. The receipt shows that it came to that: after a refusal
// the choice is as it was, and whoever else is chosen stays so.
addEventListener('submit', ({ target, submitter }) => {
  const users = target.elements.namedItem('users');
  if (submitter?.value === 'sign-out' && users) sessionStorage.setItem(leaving, users.value);
});
