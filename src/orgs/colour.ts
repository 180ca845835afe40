/** #rrggbb */
export const colourForm = /^#[0-9a-f]{6}$/i;

/**
 * WCAG 2.2 §1.4.3 asks for 4.5 : 1. A little more is kept, since buttons that are hovered and what
 * is chosen stand on a tint of the colour.
 */
const leastContrast = 4.8;

/** What the pages' own style sheet calls --paper by day and --card by night: the nearest grounds. */
const grounds = { light: '#eef0f5', dark: '#171b2d' } as const;

type Channels = readonly [number, number, number];

/**
 * The colour as pages use it for links and buttons: darker by day and lighter by night, as far as
 * text in it, and on it, needs to stay readable.
 */
export function readableColours(colour: string): Readonly<{ light: string; dark: string }> {
  return { light: towards(colour, '#000000', grounds.light), dark: towards(colour, '#ffffff', grounds.dark) };
}

/** Mixes as little of `end` in as gives enough contrast to `ground`. */
function towards(colour: string, end: string, ground: string): string {
  for (let share = 0; share < 100; share += 1) {
    const mixed = mix(colour, end, share / 100);
    if (contrast(mixed, ground) >= leastContrast) return mixed;
  }
  return end;
}

function mix(from: string, to: string, share: number): string {
  const [a, b] = [channelsOf(from), channelsOf(to)];
  const mixed = a.map((channel, index) => Math.round(channel + ((b[index] as number) - channel) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** WCAG 2.2's contrast ratio, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = channelsOf(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Channels;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const channelsOf = (colour: string): Channels =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as unknown as Channels;
