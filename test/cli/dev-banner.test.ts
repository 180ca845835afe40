import { expect, it } from 'vitest';
import { banner } from '../../src/cli/dev-banner.ts';

const bannerAt = (publicUrl: string, database = 'PostgreSQL in .data') =>
  banner({
    local: 'http://localhost:1',
    publicUrl,
    appUrl: publicUrl,
    idpUrl: 'http://localhost:2',
    apps: { wiki: 'http://localhost:3', crm: 'http://localhost:4', lights: 'http://localhost:5' },
    database,
  });

it('warns of the keys that everybody knows where others can reach it, and only there', () => {
  expect(bannerAt('https://your-tunnel.example')).toMatch(/CAREFUL: .*https:\/\/your-tunnel\.example/);
  for (const local of ['http://localhost:3333', 'http://127.0.0.1:3333', 'http://[::1]:3333'])
    expect(bannerAt(local)).not.toContain('CAREFUL');
});

it('names the apps behind, and what each takes', () => {
  expect(bannerAt('http://localhost:3333')).toMatch(
    /Apps behind +http:\/\/localhost:3 .*back-channel logout\n +http:\/\/localhost:4 .*Global Token Revocation/,
  );
});

it('names the shared accounts, and where their passwords are read', () => {
  const said = bannerAt('http://localhost:3333');
  expect(said).toMatch(/Shared accounts +http:\/\/localhost:5 .*Lights/);
  expect(said).toContain('the role reports');
  expect(said).toContain('http://localhost:3333/accounts');
  expect(bannerAt('http://localhost:3333', 'DATABASE_URL')).not.toContain('the role reports');
});

it('leads to the console, and to the identity provider’s of each organisation', () => {
  expect(bannerAt('http://localhost:3333')).toContain('http://localhost:3333/admin  White Rabbit, as morpheus@');
  for (const slug of ['1', '2'])
    expect(bannerAt('http://localhost:3333')).toContain(`http://localhost:2/${slug}/admin`);
});
