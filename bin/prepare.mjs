// Makes a clone ready to run: installs what package-lock.json says, generates the Prisma client,
// and checks the Node that will run the TypeScript. Plain JavaScript without dependencies, since
// nothing is installed yet and the Node may be old. Nothing goes to standard output: `npm run -s
// cli -- … --json` prints one JSON document there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const bin = (name) => at('node_modules', '.bin', name);
/** What is installed. npm packs no lock file: a package that was unpacked has none. */
const wanted = fs.existsSync(at('package-lock.json')) ? at('package-lock.json') : at('package.json');
const howToInstall = wanted.endsWith('-lock.json') ? 'ci' : 'install';
const stamps = at('node_modules', '.cache', 'universal-logout');
const generated = at('src', 'database', 'generated', 'client.ts');

/** The first version with type stripping without a flag. */
const least = [22, 18];

/** Runs a step; its output is for people, so it goes to standard error. */
function run(what, command, args, env = process.env) {
  process.stderr.write(`${what} …\n`);
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (status !== 0)
    fail(`${what} failed${error ? `: ${error.message}` : ''}. Command: ${[command, ...args].join(' ')}`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const hash = (file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
const stamped = (name, value) => read(path.join(stamps, name)) === value;
const stamp = (name, value) => {
  fs.mkdirSync(stamps, { recursive: true });
  fs.writeFileSync(path.join(stamps, name), value);
};

/** Whether an `npm ci` or `npm i` by hand ran after the lock file last changed. */
function installedByHand() {
  const marker = fs.statSync(at('node_modules', '.package-lock.json'), { throwIfNoEntry: false });
  // npm writes these two files within moments of each other, in either order.
  return marker !== undefined && marker.mtimeMs + 5_000 >= fs.statSync(wanted).mtimeMs;
}

function isCurrent() {
  return (
    fs.existsSync(at('node_modules', '.package-lock.json')) &&
    (stamped('lock', hash(wanted)) || installedByHand()) &&
    fs.existsSync(generated) &&
    stamped('schema', schemaStamp())
  );
}

/** The inputs of the generated client: the schema, and the generator's version. */
function schemaStamp() {
  return `${hash(at('prisma', 'schema.prisma'))} ${hash(wanted)}`;
}

/** Takes turns with other processes by making a folder; the folder of a dead process is removed. */
function locked(work) {
  const lock = at('.prepare-lock');
  const since = Date.now();
  for (let told = false; ; ) {
    try {
      fs.mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(read(path.join(lock, 'pid')));
    const age = Date.now() - (fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (owner ? !isAlive(owner) : age > 5_000) fs.rmSync(lock, { recursive: true, force: true });
    else {
      if (!told) process.stderr.write('Waiting for another process that is installing …\n');
      told = true;
      if (Date.now() - since > 600_000) fail(`Still waiting after 10 minutes. Remove ${lock} if nothing else runs.`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  fs.writeFileSync(path.join(lock, 'pid'), String(process.pid));
  const release = () => fs.rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  work();
  release();
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * The npm that called us, on its own Node; else the one on the PATH. Never on the pinned Node: `npm
 * ci` begins by deleting that.
 */
function npm(what, args) {
  const cli = process.env.npm_execpath;
  const node = process.env.npm_node_execpath;
  if (cli && node && /npm-cli\.[cm]?js$/.test(cli) && !node.startsWith(at('node_modules')))
    return run(what, node, [cli, ...args]);
  const delimited = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((part) => !part.startsWith(at('node_modules')));
  run(what, 'npm', args, { ...process.env, PATH: delimited.join(path.delimiter) });
}

function install() {
  if (stamped('lock', hash(wanted)) && fs.existsSync(at('node_modules', '.package-lock.json'))) return;
  if (!installedByHand())
    npm(`Installing packages (npm ${howToInstall})`, [howToInstall, '--no-audit', '--no-fund', '--loglevel=error']);
  stamp('lock', hash(wanted));
}

/** The pinned Node if it works; an install script, maybe switched off, puts its file there. */
function pinnedNode() {
  if (!fs.existsSync(bin('node'))) return null;
  const { stdout, status } = spawnSync(bin('node'), ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

function isEnough(version) {
  const [major, minor] = version.replace('v', '').split('.').map(Number);
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

/** A broken or missing pinned Node is only a problem when the host's own is too old. */
function checkNode() {
  const key = `${hash(wanted)} ${process.version}`;
  if (stamped('node', key) && (isEnough(process.version) || fs.existsSync(bin('node')))) return;
  const pinned = pinnedNode();
  if (pinned === null && fs.existsSync(bin('node')) && isEnough(process.version)) {
    // A broken one would come first on the PATH of npm's scripts, and fail.
    fs.rmSync(bin('node'), { force: true });
  }
  const version = pinned ?? process.version;
  if (!isEnough(version))
    fail(
      `Node ${least.join('.')} or later is needed to run TypeScript, and this is ${process.version}. The development install brings one of its own (npm package "node"), but it is missing: npm's setting ignore-scripts or --omit=dev keeps it away. Either allow it (npm ci --ignore-scripts=false --include=dev) or install a newer Node.`,
    );
  stamp('node', key);
}

function generate() {
  if (fs.existsSync(generated) && stamped('schema', schemaStamp())) return;
  const prisma = at('node_modules', 'prisma', 'build', 'index.js');
  const node = fs.existsSync(bin('node')) ? bin('node') : process.execPath;
  run('Generating the Prisma client', node, [prisma, 'generate'], {
    ...process.env,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  });
  stamp('schema', schemaStamp());
}

if (!isEnough(process.version) && Number(process.version.slice(1).split('.')[0]) < 20)
  fail(`Node 20 or later is needed (the project then brings its own); this is ${process.version}.`);

if (!isCurrent())
  locked(() => {
    install();
    checkNode();
    generate();
  });
checkNode();
