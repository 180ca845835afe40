// What the console's pages do better with a script. Without it everything works by whole pages.

import { followSession, request } from './live-session.js';
import { locales, say } from './words.js';

const status = document.getElementById('status');

followSession({ onBack: () => void countUnread(), onTold: () => void countUnread() });
localise(document);
letCopy(document);
focusProblem();
// The address of a part of the page takes the focus away once the page has loaded.
addEventListener('load', () => {
  setTimeout(focusProblem);
  setTimeout(sayNotice, 500);
});
addEventListener('hashchange', focusProblem);

function focusProblem() {
  document.getElementById('problem')?.focus();
}

/** Screen readers say what changes in a status, and seldom what was there from the beginning. */
function sayNotice() {
  const notice = document.querySelector('.notice[role="status"], .saved[role="status"]');
  if (notice) sayToo(notice.textContent);
}

/** Says it beside what the status says already: a screen reader may not have come to that yet. */
function sayToo(words) {
  if (!status.textContent.includes(words)) status.textContent = `${status.textContent} ${words}`.trim();
}

// A second click must not send a form again; the page's return from memory makes it usable anew.
addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method !== 'post') return;
  form.dataset.sent = 'yes';
  for (const button of form.querySelectorAll('button')) button.setAttribute('aria-disabled', 'true');
  // Whoever has stopped the page from loading may send it anew: the server knows whether it came.
  setTimeout(() => letSend(form), 10_000);
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) letSend(form);
});

function letSend(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll('button')) button.removeAttribute('aria-disabled');
}

/** Moments in the reader's zone and language; the exact one stays on hover. */
export function localise(root) {
  const today = new Date().toDateString();
  for (const element of root.querySelectorAll('time[datetime]')) {
    const moment = new Date(element.dateTime);
    const isToday = moment.toDateString() === today;
    const format = isToday ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' };
    const time = new Intl.DateTimeFormat(locales, format).format(moment);
    const day = new Intl.DateTimeFormat(locales, { dateStyle: 'medium' });
    if (element.dataset.day !== undefined) element.textContent = day.format(moment);
    // How long ago something was is the same in every zone.
    else if (element.dataset.ago === undefined) element.textContent = isToday ? say('today', { time }) : time;
    const exact = { dateStyle: 'full', timeStyle: 'long' };
    element.title = new Intl.DateTimeFormat(locales, exact).format(moment);
  }
}

const codeBeside = (button) => button.parentElement.querySelector('code');

/** A button copies its own text; without one, what stands beside it: a password stands in a page once. */
export function letCopy(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll('button[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy || codeBeside(button).textContent);
      } catch {
        // The browser doesn't allow it: the text is selected, for the keyboard to copy.
        return getSelection().selectAllChildren(codeBeside(button));
      }
      status.textContent = say('copied', { what: button.dataset.what ?? '' });
      const words = button.querySelector('span');
      words.textContent = say('copiedShort');
    });
  }
}

/**
 * Puts a part of the page at `address` in the place of this page's. The page itself is asked for:
 * the parser of a request's document is no sink that the content security policy closes.
 * `onGone` runs where there is no such part, `onLost` where no answer came. Returns what can be
 * broken off.
 */
function renew(id, address, { onDone = () => {}, onGone = () => {}, onLost = () => {} } = {}) {
  const asked = new XMLHttpRequest();
  asked.open('GET', address);
  asked.responseType = 'document';
  asked.addEventListener('load', () => {
    const found = asked.response?.getElementById(id);
    if (asked.status !== 200 || !found) return onGone();
    const part = document.adoptNode(found);
    localise(part);
    letCopy(part);
    document.getElementById(id).replaceWith(part);
    onDone(part);
  });
  asked.addEventListener('error', onLost);
  asked.send();
  return asked;
}

// Searches show what they find as one types.
for (const form of document.querySelectorAll('form[data-live]')) {
  let timer = 0;
  let latest = null;
  const look = () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
    const address = `${location.pathname}?${query}`;
    latest?.abort();
    latest = renew(form.dataset.live, address, {
      onGone: () => form.submit(),
      onDone: (list) => {
        history.replaceState(null, '', address);
        status.textContent = list.querySelector('caption, .empty p')?.textContent ?? '';
      },
    });
  };
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  });
}

// What is under way is looked at again until it is settled.
lookAgain(document.querySelector('[data-again]'));
function lookAgain(part) {
  if (!part?.dataset.again) return;
  setTimeout(() => {
    if (document.visibilityState !== 'visible' || part.contains(document.activeElement)) return lookAgain(part);
    const onDone = (renewed) => {
      const { again, said } = renewed.dataset;
      if (!again) sayToo(said ?? renewed.querySelector('.badge')?.textContent ?? '');
      lookAgain(renewed);
    };
    const onLost = () => lookAgain(part);
    renew(part.id, location.href, { onDone, onLost, onGone: onLost });
  }, Number(part.dataset.again));
}

const bell = document.getElementById('bell');

/**
 * The number on the bell: when administrators are told of something, when the page returns, and now
 * and then, since a lost connection tells nothing.
 */
async function countUnread() {
  if (!bell || document.visibilityState !== 'visible') return;
  const { unreadCount } = await request('GET', '/api/orgs/current/notifications/unread-count').catch(() => ({}));
  if (unreadCount === undefined || String(unreadCount) === bell.dataset.unread) return;
  const isMore = unreadCount > Number(bell.dataset.unread);
  bell.dataset.unread = String(unreadCount);
  document.getElementById('bell-number')?.remove();
  if (unreadCount > 0) {
    const number = document.createElement('span');
    number.id = 'bell-number';
    number.className = 'number';
    const words = document.createElement('span');
    words.className = 'unseen';
    words.textContent = say('unread');
    number.append(words, unreadCount > 99 ? '99+' : String(unreadCount));
    bell.append(number);
  }
  if (isMore) showNews();
}
setInterval(() => void countUnread(), 60_000);

/** A list of what is new grows under the reader's eyes, unless the keyboard is in it. */
function showNews() {
  sayToo(say('news'));
  const list = document.querySelector('[data-news]');
  if (list && !list.contains(document.activeElement)) renew(list.id, location.href);
}
