import { say } from './words.js';

const status = document.getElementById('status');
const byEmail = document.getElementById('by-email');
const byOrganisation = document.getElementById('by-organisation');

byEmail.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (byEmail.dataset.busy) return;
  const username = byEmail.username.value.trim();
  if (!/^[^\s@]+@[^\s@]+$/.test(username)) return refuse(byEmail, say('enterEmail'));
  accept(byEmail);
  byEmail.dataset.busy = 'yes';
  status.textContent = say('looking');
  try {
    const org = await findOrganisation(username);
    if (org === null) refuse(byEmail, say('nobodys'));
    else start(org);
  } catch (error) {
    refuse(byEmail, error.message);
  } finally {
    delete byEmail.dataset.busy;
  }
});

byOrganisation.addEventListener('submit', (event) => {
  event.preventDefault();
  const org = readOrganisation(byOrganisation.organisation.value.trim());
  if (!org) return refuse(byOrganisation, say('enterOrganisation'));
  accept(byOrganisation);
  start(org.name, org.connection);
});

async function findOrganisation(username) {
  let response;
  try {
    response = await fetch('/api/openid/check', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ username }),
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new Error(say('noAnswer'));
  }
  if (response.ok) return (await response.json().catch(() => ({}))).org_id ?? null;
  if (response.status === 429) throw new Error(say('tooMany'));
  if (response.status < 500) throw new Error(say('notAccepted'));
  throw new Error(say('notNow'));
}

// A short name, or a pasted link. Only name and connection count, never the link's target.
function readOrganisation(text) {
  const plain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
  if (plain.test(text)) return { name: text };
  if (!URL.canParse(text, location.origin)) return null;
  const link = new URL(text, location.origin);
  const name = /^\/openid\/start\/([^/]+)\/?$/.exec(link.pathname)?.[1];
  if (link.origin !== location.origin || !name || !plain.test(name)) return null;
  return { name, connection: link.searchParams.get('connection') };
}

// The app's sign-in that waits, and whether it wants a password. The server takes own paths only.
function wanted() {
  const query = new URLSearchParams(location.search);
  return {
    returnTo: query.get('returnTo') ?? '/todos',
    ...(query.get('prompt') === 'login' ? { prompt: 'login' } : {}),
  };
}

function start(org, connection) {
  status.textContent = say('leaving');
  const query = new URLSearchParams({ ...(connection ? { connection } : {}), ...wanted() });
  location.assign(`/openid/start/${encodeURIComponent(org)}?${query}`);
}

function refuse(form, text) {
  status.textContent = '';
  const field = form.querySelector('input');
  form.querySelector('.problem').textContent = text;
  field.setAttribute('aria-invalid', 'true');
  field.focus();
}

function accept(form) {
  form.querySelector('.problem').textContent = '';
  form.querySelector('input').removeAttribute('aria-invalid');
}

// The person may come back from the identity provider by the back button.
addEventListener('pageshow', () => {
  status.textContent = '';
});
byEmail.username.focus({ preventScroll: true });
