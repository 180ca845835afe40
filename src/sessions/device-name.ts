import Bowser from 'bowser';

const greatestLength = 60;

/**
 * A few words for people about what sent this User-Agent header: "Firefox on Linux", "Safari on iPhone", or the first
 * product it names, such as "curl". The header is the client's own claim.
 */
export function deviceName(userAgent: string | null): string {
  if (!userAgent?.trim()) return 'Unknown device';
  const { browser, os, platform } = Bowser.parse(userAgent);
  const on = platform.vendor === 'Apple' ? (platform.model ?? os.name) : os.name;
  const name = browser.name || /^[^\s/()]+/.exec(userAgent.trim())?.[0];
  const words = name && on ? `${name} on ${on}` : name || on || 'Unknown device';
  return words.length > greatestLength ? `${words.slice(0, greatestLength - 1)}…` : words;
}
