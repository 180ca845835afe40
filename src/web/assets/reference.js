// Searches within the page and copies commands. The page is complete without this script.
const form = document.querySelector('.search');
const field = document.getElementById('search');
const found = document.getElementById('found');
const copied = document.getElementById('copied');
const reading = document.querySelector('.reading');
const isWide = matchMedia('(min-width: 60rem)');
const nothing = document.querySelector('.nothing');
const chapters = [...document.querySelectorAll('.chapter')];
const lists = [...document.querySelectorAll('nav details')];

const entries = [...document.querySelectorAll('.operation')].map((element) => ({
  element,
  isOperation: !element.id.startsWith('schema-'),
  link: document.querySelector(`nav a[href="#${element.id}"]`)?.parentElement,
  // Title and description are searched, members aren't: they would match every word.
  text: [
    element.id,
    element.querySelector('.address')?.textContent,
    ...Array.from(element.querySelectorAll(':scope > h3, :scope > p'), ({ textContent }) => textContent),
    element.closest('.chapter').querySelector('h2').textContent,
  ]
    .join(' ')
    .toLowerCase(),
}));

/** Shows the entries with every word of the field; everything when the field is empty. */
function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of entries) {
    entry.fits = words.every((word) => entry.text.includes(word));
    entry.element.hidden = !entry.fits;
    if (entry.link) entry.link.hidden = !entry.fits;
  }
  const isOpen = words.length > 0;
  document.documentElement.toggleAttribute('data-searching', isOpen);
  for (const chapter of chapters) chapter.hidden = !chapter.querySelector('.operation:not([hidden])');
  for (const list of lists) {
    list.hidden = !list.querySelector('li:not([hidden])');
    list.open = isOpen && !list.hidden;
  }
  const count = entries.filter(({ fits, isOperation }) => fits && isOperation).length;
  found.textContent = isOpen ? `${count} ${count === 1 ? 'operation' : 'operations'}` : '';
  nothing.hidden = entries.some(({ fits }) => fits);
  // On a wide screen the results stand beside the field, and begin at the top.
  if (isOpen && isWide.matches && reading.getBoundingClientRect().top < 0) reading.scrollIntoView();
}

function clear() {
  field.value = '';
  search();
}

/** The visible links, in the order of the page. */
const links = () => [...document.querySelectorAll('nav a')].filter((link) => link.checkVisibility());

field.addEventListener('input', search);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const first = entries.find(({ fits }) => fits);
  if (field.value.trim() && first) location.hash = first.element.id;
});

form.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown') {
    event.preventDefault();
    links()
      .find((link) => link.closest('details'))
      ?.focus();
  } else if (event.key === 'Escape' && field.value) {
    event.preventDefault();
    clear();
  }
});

document.querySelector('nav').addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.tagName !== 'A') return;
  event.preventDefault();
  const all = links();
  const next = all[all.indexOf(event.target) + step];
  if (next?.closest('details') || !field.value) next?.focus();
  else if (step < 0) field.focus();
});

// A link may lead to an entry that the search has hidden.
addEventListener('hashchange', () => {
  const target = document.getElementById(location.hash.slice(1));
  if (!target || target.checkVisibility()) return;
  clear();
  target.scrollIntoView();
});

// Browsers have the clipboard in secure contexts only.
if (navigator.clipboard) for (const block of document.querySelectorAll('[data-copy]')) addCopyButton(block);

function addCopyButton(block) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  const titles = block.closest('dd, li, section').querySelectorAll('h3, .address');
  const what = Array.from(titles, ({ textContent }) => textContent).join(', ') || 'the command line';
  // The name of a button begins with what it shows, and says of what it is.
  const show = (text) => {
    button.textContent = text;
    button.ariaLabel = `${text}: ${what}`;
  };
  show('Copy');
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.textContent);
    show('Copied');
    copied.textContent = button.ariaLabel;
    setTimeout(() => {
      show('Copy');
      copied.textContent = '';
    }, 2_000);
  });
  const frame = document.createElement('div');
  frame.className = 'copyable';
  block.replaceWith(frame);
  frame.append(button, block);
}

form.hidden = false;
// A browser that comes back has kept the text of the field.
if (field.value) search();
