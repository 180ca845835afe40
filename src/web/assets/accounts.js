// The page that shows a password: it keeps none in the browser's memory or history.

const shown = document.getElementById('password');
const { back, until } = shown.dataset;

// The page answers a form: a reload, or the way back to it, would ask to send that again.
history.replaceState(null, '', back);

/** Takes the password out of the document, also out of the button that copies it. */
function hide() {
  shown.replaceChildren();
}

function leave() {
  hide();
  location.replace(back);
}

addEventListener('pagehide', hide);
addEventListener('pageshow', (event) => {
  if (event.persisted) leave();
});

// A machine that slept wakes up late: then the page goes when somebody looks at it again.
const end = Date.now() + Number(until) * 1000;
setTimeout(leave, Number(until) * 1000);
document.addEventListener('visibilitychange', () => {
  if (Date.now() >= end) leave();
});
