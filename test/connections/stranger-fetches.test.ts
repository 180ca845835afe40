import { expect, it } from 'vitest';
import { createStrangerFetches } from '../../src/connections/stranger-fetches.ts';

/** How often these networks, all of which ask every second, cause a fetch in `seconds`. */
function flood(fetches: ReturnType<typeof createStrangerFetches>, networks: string[], seconds: number, from = 0) {
  let made = 0;
  for (let now = from; now < from + seconds * 1_000; now += 1_000) {
    for (const network of networks) {
      if (fetches.wait(network, now) > 0) continue;
      fetches.count(network, now);
      made += 1;
    }
  }
  return made;
}

const networks = (count: number, name = 'n') => Array.from({ length: count }, (_, index) => `${name}${index}`);

it('lets a network cause one fetch a minute, and five hundred ten and one every six seconds', () => {
  expect(flood(createStrangerFetches(), networks(1), 600)).toBe(10);
  const fetches = createStrangerFetches();
  expect(flood(fetches, networks(500), 1)).toBe(10);
  expect(flood(fetches, networks(500), 599, 1_000)).toBeLessThanOrEqual(100 + 1);
});

it('says how long a network has to wait', () => {
  const fetches = createStrangerFetches();
  fetches.count('a', 0);
  expect([fetches.wait('a', 15_000), fetches.wait('b', 15_000)]).toEqual([45_000, 0]);
  flood(fetches, networks(9), 1, 15_000);
  expect([fetches.wait('a', 17_000), fetches.wait('b', 17_000), fetches.wait('b', 21_000)]).toEqual([43_000, 4_000, 0]);
  expect(fetches.wait('a', 60_000)).toBe(0);
});

it('does not count what is given back', () => {
  const fetches = createStrangerFetches();
  fetches.count('a', 0);
  fetches.giveBack('a');
  expect(fetches.wait('a', 0)).toBe(0);
});

it('keeps a fetch a minute for each of the last twenty networks of the IdP, whatever others do', () => {
  const fetches = createStrangerFetches();
  for (const network of [...networks(21, 'idp'), 'idp1']) fetches.noteGenuine(network);
  flood(fetches, networks(500), 60);
  const now = 60_000 - 1;
  const free = networks(21, 'idp').filter((network) => fetches.wait(network, now) === 0);
  expect(free).toEqual(networks(21, 'idp').slice(1));
  expect(flood(fetches, free, 60, now)).toBe(20);
});

it('stays within bounds for whoever makes five hundred networks known', () => {
  const fetches = createStrangerFetches();
  let made = 0;
  for (let now = 0; now < 600_000; now += 1_000) {
    for (const network of networks(500)) {
      fetches.noteGenuine(network);
      made += flood(fetches, [network], 1, now);
    }
  }
  expect(made).toBeLessThanOrEqual(40 + 500);
});
