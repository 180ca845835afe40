/** Colours of all pages, by day and by night; `--hue` is the organisation's, in degrees. */
export const palette = `
:root {
  color-scheme: light dark;
  --accent: hsl(var(--hue) 55% 28%); --on-accent: #fff; --wash: hsl(var(--hue) 45% 94%);
  --page: hsl(var(--hue) 25% 96%); --card: #fff; --text: #1b1d22; --soft: #5b606b; --line: #d9dce3; --alert: #a3232f; --alert-wash: #fdecee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --accent: hsl(var(--hue) 65% 72%); --on-accent: #121317; --wash: hsl(var(--hue) 22% 20%);
    --page: hsl(var(--hue) 12% 9%); --card: hsl(var(--hue) 8% 14%); --text: #eceef2; --soft: #a4a9b5; --line: #3a3d46; --alert: #ffb3ba; --alert-wash: #42191e;
  }
}
`;

/** The look of the sign-in pages. */
export const stylesheet = `${palette}
* { box-sizing: border-box }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 1.25rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif }
main { width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: 12px;
  padding: 1.5rem 1.75rem 1.25rem; box-shadow: 0 8px 30px rgb(0 0 0 / .07) }
header { display: flex; justify-content: space-between; align-items: center; gap: .75rem; font-size: .8125rem; color: var(--soft) }
.badge { background: var(--wash); color: var(--accent); font-weight: 600; padding: .2rem .6rem; border-radius: 99px; white-space: nowrap }
.org { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.25rem 0 1rem; text-wrap: balance }
h2 { font-size: .875rem; margin: 1.75rem 0 .5rem; color: var(--soft); font-weight: 600 }
label { display: block; font-size: .875rem; font-weight: 600; margin: .9rem 0 .3rem }
input { width: 100%; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; padding: .6rem .75rem }
button { font: inherit; font-weight: 600; width: 100%; margin-top: 1.25rem; padding: .65rem 1rem; border: 1px solid var(--accent); border-radius: 8px;
  background: var(--accent); color: var(--on-accent); cursor: pointer }
button:hover { filter: brightness(1.08) }
button.quiet { background: transparent; color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.choice { display: flex; gap: .75rem; flex-wrap: wrap } .choice button { flex: 1 1 9rem }
.alert { background: var(--alert-wash); color: var(--alert); border-radius: 8px; padding: .6rem .75rem; margin: 0 0 .5rem }
ul { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden }
li + li { border-top: 1px solid var(--line) }
li a { display: flex; align-items: center; gap: .75rem; padding: .55rem .75rem; color: inherit; text-decoration: none }
li a:hover { background: var(--wash) }
li a:focus-visible { outline-offset: -3px }
.avatar { flex: none; width: 2rem; height: 2rem; border-radius: 50%; display: grid; place-items: center; background: var(--wash); color: var(--accent); font-weight: 700 }
.who { flex: 1; min-width: 0; display: grid; line-height: 1.3 } .who span { font-size: .8125rem; color: var(--soft); overflow-wrap: anywhere }
code { font: .8125rem ui-monospace, SFMono-Regular, Menlo, monospace; color: var(--soft); background: var(--wash); border-radius: 5px; padding: .15rem .4rem }
@media (max-width: 30rem) { main { padding-inline: 1.25rem } .avatar { display: none } }
footer { margin-top: 1.5rem; font-size: .8125rem; color: var(--soft) } footer a { color: var(--accent) }
.go { font-size: .8125rem; color: var(--accent); white-space: nowrap }
`;
