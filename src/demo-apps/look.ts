/** Shows a sign-out as soon as it happens. Without it, the next click shows the same. */
export const script = `
setInterval(async () => {
  const answer = await fetch('/still-signed-in').catch(() => null);
  if (answer?.status === 401) location.reload();
}, 1000);
`;

export const stylesheet = `
:root { color-scheme: light dark; --page: #eef3f1; --card: #fff; --text: #18201d; --soft: #56625d; --line: #d5dedb; --accent: #0c5c48; --on-accent: #fff }
.ended { --page: #2e2938; --accent: #523a78 }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1412; --card: #16201d; --text: #e8f0ed; --soft: #9fb0a9; --line: #33423d; --accent: #7fd4ba; --on-accent: #0d1412 }
  .ended { --page: #050407; --card: #1b1622; --line: #3d3349; --accent: #c3aaeb; --on-accent: #100d14 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 1.25rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif }
main { width: 100%; max-width: 30rem; background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: 12px; padding: 1.5rem 1.75rem }
header { display: flex; justify-content: space-between; gap: .75rem; font-size: .875rem; color: var(--soft) } header strong { color: var(--accent) }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.25rem 0 .75rem } h2 { font-size: .875rem; color: var(--soft); margin: 1.5rem 0 .5rem }
p { margin: 0 0 .75rem; overflow-wrap: anywhere }
ul { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 8px } li { padding: .55rem .75rem } li + li { border-top: 1px solid var(--line) }
button, a.button { display: block; width: 100%; margin-top: .75rem; padding: .65rem 1rem; border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--on-accent);
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer }
p + .button, p + form, ul + .button, ul + form { margin-top: 1.5rem } button.quiet, a.quiet { background: transparent; color: var(--accent) }
@media (max-width: 24rem) { body { padding: .75rem } main { padding: 1.25rem } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`;
