import { followSession, request, signOut } from './live-session.js';
import { locales, piecesOf, say, sayCount } from './words.js';

const address = '/api/users/me/sessions';
const mostListed = 200;
const byId = (id) => document.getElementById(id);
const list = byId('devices');
const dialog = byId('confirm');
const everywhere = byId('sign-out-all').textContent;
let confirmed = null;

followSession({ onBack: load });
void load();

byId('sign-out').addEventListener('click', (event) => {
  event.preventDefault();
  byId('account').hidePopover();
  void attempt(event.currentTarget, say('stillSignedIn'), () => signOut());
});

byId('sign-out-others').addEventListener('click', (event) => {
  ask({
    title: say('askOthers'),
    text: say('askOthersText'),
    yes: event.currentTarget.textContent,
    run: async () => {
      const { sessionsEnded, grantsEnded } = await request('POST', `${address}/revoke`, { keepCurrent: true });
      dialog.close();
      announce(say('signedOutElsewhere', { count: sessionsEnded + grantsEnded }));
      await load();
    },
  });
});

byId('sign-out-all').addEventListener('click', (event) => {
  ask({
    title: say('askAll'),
    text: say('askAllText'),
    yes: event.currentTarget.textContent,
    run: () => signOut(`${address}/revoke`, { keepCurrent: false }),
  });
});

byId('confirm-no').addEventListener('click', () => dialog.close());
byId('confirm-yes').addEventListener('click', (event) => {
  void attempt(event.currentTarget, say('nobodySignedOut'), confirmed, byId('confirm-problem'));
});

function ask({ title, text, yes, run }) {
  byId('confirm-title').textContent = title;
  byId('confirm-text').textContent = text;
  byId('confirm-yes').textContent = yes;
  byId('confirm-problem').textContent = '';
  confirmed = run;
  dialog.showModal();
}

async function load() {
  list.setAttribute('aria-busy', 'true');
  try {
    const devices = await request('GET', address);
    devices.sort((a, b) => Number(b.current) - Number(a.current));
    const held = document.activeElement?.closest('li')?.dataset.id;
    list.replaceChildren(...devices.map(createEntry));
    if (held)
      [...list.children]
        .find((entry) => entry.dataset.id === held)
        ?.querySelector('button')
        .focus();
    list.dataset.loaded = 'yes';
    byId('cut').hidden = devices.length < mostListed;
    explain('');
  } catch (error) {
    explain(`${say('listNotLoaded')} ${error.message}`, load);
  } finally {
    list.setAttribute('aria-busy', 'false');
    refresh();
  }
}

function createEntry(device) {
  const entry = document.createElement('li');
  entry.dataset.id = device.id;
  entry.dataset.type = device.type;
  const words = createElement('details', 'device');
  const line = createElement('span', '');
  line.append(createElement('span', 'device-name', nameOf(device)), ' ');
  if (device.current) line.append(createElement('span', 'badge', say('thisDevice')), ' ');
  const how = device.type === 'grant' ? say('approvedIn', device) : device.client;
  const meta = createElement('span', 'device-meta');
  meta.append(
    createElement('span', 'device-how', `${how} · `),
    ...piecesOf(device.current ? 'inUse' : 'lastSeen', { moment: createMoment(device.lastSeenAt) }),
  );
  line.append(meta);
  const more = createElement('div', 'device-more');
  const signedIn = createElement('div', '');
  signedIn.append(...piecesFrom('signedIn', createMoment(device.createdAt), device.signedInFrom));
  more.append(signedIn);
  if (device.lastSeenFrom) more.append(createElement('div', '', say('seenFrom', { address: device.lastSeenFrom })));
  if (device.userAgent) more.append(createElement('div', '', say('callsItself', { name: device.userAgent })));
  const summary = createElement('summary', '');
  summary.append(line);
  words.append(summary, more);
  const button = createElement('button', 'quiet small', say('signOut'));
  button.type = 'button';
  button.ariaLabel = device.current ? say('signOutThis') : say('signOutDevice', { device: nameOf(device), how });
  button.addEventListener('click', () => void end(device, entry, button));
  entry.append(byId(iconOf(device)).content.cloneNode(true), words, button);
  return entry;
}

/** Says when something was, and from which address where that is known. */
function piecesFrom(key, moment, address) {
  return piecesOf(address ? `${key}From` : key, { moment, address });
}

/** An app is named by its name: its device is the browser in which a person approved it. */
function nameOf(device) {
  return device.type === 'grant' ? device.client : device.device;
}

async function end(device, entry, button) {
  if (device.current) return attempt(button, say('stillSignedIn'), () => signOut());
  await attempt(button, say('notSignedOut', { device: nameOf(device) }), async () => {
    await request('DELETE', `${address}/${encodeURIComponent(device.id)}`);
    const next = entry.nextElementSibling ?? entry.previousElementSibling;
    const focused = entry.contains(document.activeElement);
    entry.remove();
    if (focused) (next?.querySelector('button') ?? byId('content')).focus();
    announce(say('signedOut', { device: nameOf(device) }));
    refresh();
  });
}

/** Runs the work of a button, once at a time; says the failure and its reason. */
async function attempt(button, failed, run, place = byId('problem')) {
  if (button.ariaDisabled === 'true') return;
  button.ariaDisabled = 'true';
  explain('', undefined, place);
  try {
    await run();
  } catch (error) {
    explain(`${failed} ${error.message}`, undefined, place);
  } finally {
    button.ariaDisabled = null;
  }
}

function refresh() {
  const count = list.children.length;
  const loaded = 'loaded' in list.dataset;
  byId('count').textContent = loaded ? sayCount('signIns', count) : '';
  // A list that is cut says less than there is.
  if (loaded && count < mostListed) {
    byId('sign-out-others').textContent = sayCount('signOutOthers', count - 1);
    byId('sign-out-all').textContent = count > 1 ? sayCount('signOutAll', count) : everywhere;
  }
  byId('alone').hidden = !loaded || count > 1;
  byId('sign-out-others').hidden = count < 2;
  byId('everywhere').hidden = !loaded;
}

function explain(text, retry, place = byId('problem')) {
  place.textContent = text;
  if (!text || !retry) return;
  const button = createElement('button', 'link', say('tryAgain'));
  button.type = 'button';
  button.addEventListener('click', retry);
  place.append(' ', button);
}

function announce(text) {
  byId('status').textContent = text;
}

function createMoment(iso) {
  const moment = new Date(iso);
  const sameDay = moment.toDateString() === new Date().toDateString();
  const format = sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' };
  const words = new Intl.DateTimeFormat(locales, format).format(moment);
  const element = createElement('time', '', sameDay ? say('today', { time: words }) : words);
  element.dateTime = iso;
  return element;
}

function createElement(name, className, text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function iconOf({ type, userAgent }) {
  if (/Mobi|Android|iPhone|iPad/.test(userAgent ?? '')) return 'icon-phone';
  return type === 'grant' ? 'icon-app' : 'icon-screen';
}
