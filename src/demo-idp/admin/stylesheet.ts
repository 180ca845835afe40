import { palette } from '../stylesheet.ts';

/**
 * The console's look: a rail in the organisation's colour, exchanges as lines between two sides.
 */
export const stylesheet = `${palette}
:root {
  --rail: hsl(var(--hue) 42% 17%); --on-rail: hsl(var(--hue) 35% 96%); --rail-soft: hsl(var(--hue) 25% 78%); --rail-here: hsl(var(--hue) 40% 27%);
  --good: #1d6b3a; --good-wash: #e4f4e9; --code: hsl(var(--hue) 25% 97%);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root { --rail: hsl(var(--hue) 30% 12%); --rail-here: hsl(var(--hue) 28% 22%); --good: #8fdcaa; --good-wash: #143622; --code: hsl(var(--hue) 12% 10%) }
}
* { box-sizing: border-box }
html { text-size-adjust: 100% }
body { margin: 0; min-height: 100dvh; display: grid; grid-template-columns: 15.5rem minmax(0, 1fr); color: var(--text);
  background: linear-gradient(90deg, var(--rail) 15.5rem, var(--page) 15.5rem);
  font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif }
a { color: var(--accent); text-underline-offset: .18em }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
main:focus { outline: none }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: 1rem; z-index: 3; background: var(--card); padding: .5rem 1rem; border-radius: 8px }

.rail { background: var(--rail); color: var(--on-rail); padding: 1.5rem 1rem; display: flex; flex-direction: column; gap: 1.75rem;
  position: sticky; top: 0; height: 100dvh; overflow-y: auto }
.rail :focus-visible { outline-color: var(--on-rail) }
.brand { display: flex; align-items: center; gap: .75rem; color: inherit; text-decoration: none; padding: 0 .5rem; border-radius: 8px }
.mark { flex: none; width: 2.4rem; height: 2.4rem; border-radius: 10px; display: grid; place-items: center; font-weight: 750; font-size: 1.15rem;
  background: hsl(var(--hue) 60% 82%); color: hsl(var(--hue) 60% 18%) }
.names { display: grid; line-height: 1.3; min-width: 0 } .names strong { overflow: hidden; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3 } .names span { color: var(--rail-soft); font-size: .8125rem }
.rail nav p { margin: 1.25rem .75rem .35rem; font-size: .75rem; font-weight: 600; color: var(--rail-soft) } .rail nav p:first-child { margin-top: 0 }
.rail ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .15rem }
.rail li a { display: block; color: inherit; text-decoration: none; padding: .45rem .75rem; border-radius: 8px }
.rail li a:hover { background: var(--rail-here) } .rail li a[aria-current] { background: var(--rail-here); font-weight: 600; box-shadow: inset 3px 0 hsl(var(--hue) 60% 75%) }
.note { margin: auto .75rem 0; font-size: .8125rem; color: var(--rail-soft) }

main { padding: 1.5rem clamp(1.25rem, 4vw, 3rem) 4rem; width: 100%; max-width: 70rem }
.trail ol { list-style: none; display: flex; flex-wrap: wrap; margin: 0; padding: 0; font-size: .8125rem; color: var(--soft) }
.trail li { overflow-wrap: anywhere } .trail li + li::before { content: '/'; margin: 0 .5rem; color: var(--line) }
.title { margin: 1.5rem 0 1.25rem } .title p { margin: .3rem 0 0; color: var(--soft); overflow-wrap: anywhere }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; text-wrap: balance }
h2 { margin: 0 0 .9rem; font-size: 1rem; overflow-wrap: anywhere }
.person-title { display: flex; align-items: flex-start; gap: 1rem } .person-title > div { flex: 1; min-width: 0 }
.avatar { flex: none; width: 2.25rem; height: 2.25rem; border-radius: 50%; display: grid; place-items: center; background: var(--wash); color: var(--accent); font-weight: 700 }
.avatar.large { width: 3.5rem; height: 3.5rem; font-size: 1.4rem; background: var(--accent); color: var(--on-accent) }
.soft { color: var(--soft) }
code { font: .8125rem/1.5 var(--mono); overflow-wrap: anywhere }
p code, .option code { color: var(--soft) }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.4rem; margin-bottom: 1.25rem }
.card > p:first-child, .card p:only-child { margin-top: 0 } .card p:last-child { margin-bottom: 0 }
.card.flush { padding: 0; overflow: hidden } .card.narrow { max-width: 36rem; margin-top: 1.5rem } .card.narrow h1 { font-size: 1.35rem; margin-bottom: .75rem }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 2fr); gap: 1.25rem }
.empty { margin: 0; padding: 2.5rem 1.25rem; text-align: center; color: var(--soft) }
.result:focus { outline: none } .result { scroll-margin-top: 16rem; border-color: var(--accent); box-shadow: 0 0 0 3px var(--wash) }
.notice { background: var(--good-wash); color: var(--good); border-radius: 8px; padding: .6rem .9rem; overflow-wrap: anywhere }

table { width: 100%; border-collapse: collapse }
th, td { text-align: left; padding: .7rem 1.4rem; font-weight: 400; overflow-wrap: anywhere }
thead th { font-size: .8125rem; font-weight: 600; color: var(--soft); background: var(--code); white-space: nowrap }
tbody tr { border-top: 1px solid var(--line); position: relative } tbody tr:hover { background: var(--code) }
.person { display: flex; align-items: center; gap: .85rem } .person > span:last-child { display: grid; min-width: 0 }
.person a { font-weight: 600; color: inherit; text-decoration: none } .person a::after { content: ''; position: absolute; inset: 0 }
.person a:hover { color: var(--accent); text-decoration: underline } .person .soft { font-size: .8125rem }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.live::before { content: ''; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; background: var(--good); margin-right: .45rem }
.live.past::before { background: none; box-shadow: inset 0 0 0 2px var(--soft) }
.sessions { list-style: none; margin: 0; padding: 0 } .sessions li { padding: .5rem 0 } .sessions li + li { border-top: 1px solid var(--line) }
.sessions code { color: var(--soft) }
dl { margin: 0; display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr); gap: .5rem 1.25rem } dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
dl + form { margin-top: 1.25rem; padding-top: .25rem; border-top: 1px solid var(--line) }

button, .button, .menu summary { font: inherit; font-weight: 600; display: inline-block; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: 8px;
  background: var(--accent); color: var(--on-accent); cursor: pointer; text-decoration: none; text-align: center }
button:hover, .menu summary:hover { filter: brightness(1.1) } button:disabled { opacity: .6; cursor: progress }
.quiet { background: transparent; color: var(--accent) } .quiet:hover { background: var(--wash); filter: none }
.menu { position: relative; flex: none } .menu summary { list-style: none } .menu summary::-webkit-details-marker { display: none }
.menu summary::after { content: ''; display: inline-block; width: .4rem; height: .4rem; margin: 0 0 .2rem .6rem; border: solid; border-width: 0 2px 2px 0; rotate: 45deg }
.menu ul { position: absolute; right: 0; top: calc(100% + .4rem); z-index: 2; list-style: none; margin: 0; padding: .35rem; width: max-content;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 12px 32px rgb(0 0 0 / .18) }
.menu li a { display: block; padding: .5rem .85rem; border-radius: 7px; color: inherit; text-decoration: none } .menu li a:hover, .menu li a:focus-visible { background: var(--wash) }

dialog { width: min(34rem, calc(100vw - 2rem)); max-height: calc(100dvh - 2rem); padding: 1.5rem; border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: 12px;
  background: var(--card); color: var(--text); box-shadow: 0 24px 60px rgb(0 0 0 / .3) }
dialog::backdrop { background: hsl(var(--hue) 30% 8% / .55) }
dialog h2 { font-size: 1.25rem; line-height: 1.3; margin-bottom: .75rem }
form p:first-child { margin-top: 0 }
fieldset { border: 0; margin: 0 0 .75rem; padding: 0; min-width: 0 } legend { padding: 0; margin-bottom: .35rem; font-weight: 600; font-size: .875rem }
.option { display: flex; gap: .7rem; padding: .5rem .6rem; margin: 0 -.6rem; border-radius: 8px; cursor: pointer } .option:hover { background: var(--wash) }
.option input { flex: none; width: 1.1rem; height: 1.1rem; margin: .2rem 0 0; accent-color: var(--accent) }
.option > span { min-width: 0; overflow-wrap: anywhere } .option small { display: block; font-size: .8125rem; color: var(--soft) }
.row { display: flex; flex-wrap: wrap; gap: 0 2rem }
.actions { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: .75rem; margin-top: 1.25rem } .actions.start { justify-content: flex-start; margin-top: .75rem }

.signal + .signal { margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line) }
.signal header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .75rem } .signal header time { font: .8125rem var(--mono); color: var(--soft) }
.signal h3 { margin: 0; font-size: 1rem } .signal header a { overflow-wrap: anywhere; min-width: 0 } .signal p { margin: .35rem 0 0 }
.chip { margin-left: auto; font: 600 .8125rem/1.6 var(--mono); padding: .05rem .6rem; border-radius: 99px; background: var(--wash); color: var(--soft); white-space: nowrap }
.chip.good { background: var(--good-wash); color: var(--good) } .chip.bad { background: var(--alert-wash); color: var(--alert) }
.wire { display: grid; grid-template-columns: fit-content(30%) minmax(0, 1fr) fit-content(30%); margin: .9rem 0 .75rem }
.wire b { grid-row: 1 / 3; display: grid; place-items: center; text-align: center; padding: .5rem .9rem; border-radius: 8px; background: var(--wash); color: var(--accent);
  font-size: .875rem; line-height: 1.3; overflow-wrap: anywhere } .wire b:last-child { grid-column: 3; grid-row: 1 / 3 }
.wire span { grid-column: 2; margin: 0 .5rem; padding: .1rem .75rem; text-align: center; position: relative; min-width: 0 }
.wire code { font-size: .78rem }
.there { grid-row: 1; color: var(--accent); border-bottom: 2px solid } .back { grid-row: 2; color: var(--good); border-bottom: 2px solid } .back.bad, .back.lost { color: var(--alert) } .back.lost { border-bottom-style: dashed }
.there::after, .back:not(.lost)::after { content: ''; position: absolute; bottom: -6px; border: 5px solid transparent }
.there::after { right: -6px; border-left: 8px solid } .back:not(.lost)::after { left: -6px; border-right: 8px solid }
.signal summary { cursor: pointer; color: var(--accent); font-size: .875rem; width: fit-content }
.exchange { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 1.25rem }
.exchange h4 { margin: .9rem 0 .3rem; font-size: .8125rem; color: var(--soft); font-weight: 600 }
pre { margin: 0; padding: .75rem .9rem; background: var(--code); border: 1px solid var(--line); border-radius: 8px; font: .78rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere;
  max-height: 24rem; overflow-y: auto }

@media (max-width: 52rem) {
  body { display: block; background: var(--page) }
  .rail { position: static; height: auto; padding: .9rem 1rem .6rem; gap: .6rem } .rail nav { display: flex; gap: .25rem; flex-wrap: wrap } .rail nav p, .note { display: none } .rail ul { display: flex }
  .rail li a[aria-current] { box-shadow: inset 0 -3px hsl(var(--hue) 60% 75%) }
  .columns, .exchange { grid-template-columns: minmax(0, 1fr); gap: 0 } .wide { display: none }
  main { padding-top: 1.1rem }
}
@media (max-width: 34rem) {
  .card { padding: 1.1rem } th, td { padding-inline: 1.1rem } .avatar.large { width: 2.75rem; height: 2.75rem; font-size: 1.15rem }
  h1 { font-size: 1.5rem } .signal header time { flex-basis: 100% }
  .person-title { flex-wrap: wrap } .menu, .menu summary { width: 100% } .menu ul { left: 0; width: auto }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0 } dd { margin-bottom: .6rem }
  .actions > * { flex: 1 1 auto }
  .wire { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: .5rem } .wire b, .wire b:last-child { grid-row: 1; grid-column: auto; padding: .35rem .6rem } .wire span { grid-column: 1 / 3; margin: 0 .4rem }
  .there { grid-row: 2 } .back { grid-row: 3 }
}
@media (prefers-contrast: more) { :root { --line: currentColor } }
`;
