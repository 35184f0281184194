/**
 * The house rules that a machine can check: who may import whom, where clocks and chance may be read, and that what is
 * written in two places is the same in both.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT, FAULTS } from '../lib/faults.ts';
import { faultTable } from './fault-table.ts';
import { report } from './support/counts.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const ROOMS = ['lib', 'vending-server', 'meter-sim', 'cli', 'test'];

const sources = new Map<string, string>();
for (const room of ROOMS) {
  for (const file of readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })) {
    if (/\.tsx?$/.test(file) && !file.includes('node_modules')) {
      sources.set(`${room}/${file}`, readFileSync(join(ROOT, room, file), 'utf8'));
    }
  }
}

/** Relative imports of a file, static and dynamic, as paths from the root. */
function importsOf(file: string, text: string): string[] {
  const found = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, path]) => path ?? '');
  return found.map((path) => normalize(join(dirname(file), path)));
}

const test = suite('tidy');

/** A room, and what its files may import besides themselves. */
const ARROWS: readonly (readonly [room: string, mayTouch: readonly string[]])[] = [
  ['lib/crypto', ['lib/assert.ts', 'lib/hex.ts']],
  ['lib/identity', ['lib/assert.ts', 'lib/faults.ts']],
  ['lib/keys', ['lib/crypto', 'lib/identity', 'lib/assert.ts', 'lib/faults.ts', 'lib/hex.ts']],
  [
    'lib/token',
    ['lib/crypto', 'lib/identity', 'lib/keys/key-change.ts', 'lib/assert.ts', 'lib/faults.ts', 'lib/hex.ts'],
  ],
  [
    'lib/meter',
    ['lib/token', 'lib/keys', 'lib/crypto', 'lib/identity', 'lib/assert.ts', 'lib/faults.ts', 'lib/hex.ts'],
  ],
  ['lib', []],
  [
    'vending-server/security-module',
    [
      'lib',
      'vending-server/ledger',
      'vending-server/clock.ts',
      'vending-server/durable-file.ts',
      'vending-server/sha256.ts',
      'vending-server/sqlite-driver.ts',
      'vending-server/system-random.ts',
    ],
  ],
  ['vending-server/tariff', ['lib']],
  [
    'vending-server/ledger',
    [
      'lib',
      'vending-server/tariff',
      'vending-server/sha256.ts',
      'vending-server/store/contract.ts',
      'vending-server/security-module/contract.ts',
    ],
  ],
  [
    'vending-server/store',
    [
      'lib',
      'vending-server/security-module/contract.ts',
      'vending-server/tariff/history.ts',
      'vending-server/ledger/chain.ts',
      'vending-server/ledger/sale-parts.ts',
      'vending-server/people/audit.ts',
      'vending-server/people/roles.ts',
      'vending-server/people/throttle.ts',
      'vending-server/sha256.ts',
      'vending-server/sqlite-driver.ts',
    ],
  ],
  [
    'vending-server/people',
    [
      'lib',
      'vending-server/clock.ts',
      'vending-server/ledger/canonical.ts',
      'vending-server/sha256.ts',
      'vending-server/store/advice-contract.ts',
      'vending-server/store/contract.ts',
      'vending-server/store/people-contract.ts',
      'vending-server/store/money-contract.ts',
    ],
  ],
  ['vending-server/commission', ['lib', 'vending-server/tariff']],
  ['vending-server/language', []],
  [
    'vending-server/receipt',
    [
      'lib',
      'vending-server/language',
      'vending-server/tariff',
      'vending-server/ledger/canonical.ts',
      'vending-server/sha256.ts',
    ],
  ],
  [
    'vending-server/notify',
    [
      'lib',
      'vending-server/language',
      'vending-server/receipt',
      'vending-server/clock.ts',
      'vending-server/sha256.ts',
      'vending-server/store/contract.ts',
      'vending-server/store/outbox.ts',
      'vending-server/vending/find-sale.ts',
      'vending-server/vending/receipt-of.ts',
      'vending-server/vending/sale-response.ts',
    ],
  ],
  ['vending-server', ['lib']],
  ['meter-sim/firmware', ['lib']],
  [
    'meter-sim/hardware',
    ['lib', 'meter-sim/firmware/hardware-interface.ts', 'meter-sim/firmware/keeper.ts', 'meter-sim/world'],
  ],
  ['meter-sim', ['lib']],
  ['cli', ['lib', 'vending-server', 'meter-sim']],
];

test('when a file imports then the arrow is one of the house', () => {
  let arrows = 0;
  const wrong: string[] = [];
  for (const [file, text] of sources) {
    const rule = ARROWS.find(([room]) => file.startsWith(`${room}/`));
    if (rule === undefined) continue;
    const [room, mayTouch] = rule;
    for (const target of importsOf(file, text)) {
      arrows += 1;
      const allowed = [`${room}/`, ...mayTouch].some(
        (path) => target === path || target.startsWith(path.replace(/\/?$/, '/')),
      );
      if (!allowed) wrong.push(`${file} -> ${target}`);
    }
  }
  report(`${arrows} imports looked at`);
  assert.equal(wrong, []);
});

test('when the command line reaches a room then it is through its front door', () => {
  const doors = [
    'vending-server/main.ts',
    'vending-server/audit.ts',
    'vending-server/config.ts',
    'vending-server/operation/backup.ts',
    'vending-server/operation/restore.ts',
    'vending-server/operation/doctor.ts',
    'vending-server/operation/maintain.ts',
    'meter-sim/main.ts',
    'meter-sim/scenario.ts',
    'meter-sim/fleet.ts',
    'vending-server/security-module/contract.ts',
    'vending-server/security-module/key-backup.ts',
    'vending-server/security-module/key-name.ts',
    'vending-server/security-module/key-store.ts',
    'vending-server/security-module/passphrase.ts',
  ];
  const wrong = [...sources]
    .filter(([file]) => file.startsWith('cli/'))
    .flatMap(([file, text]) => importsOf(file, text).map((target) => [file, target] as const))
    .filter(([, target]) => /^(vending-server|meter-sim)\//.test(target) && !doors.includes(target));
  assert.equal(wrong, []);
});

test('when a room is pure then it reads no clock, no chance, no file and no socket', () => {
  const pure =
    /^(lib|vending-server\/(tariff|ledger|language|receipt|notify)|meter-sim\/(firmware|hardware|world))\//;
  const banned: readonly [RegExp, string][] = [
    [/\bDate\.now\(|\bnew Date\(\)/, 'a clock'],
    [/\bMath\.random\(/, 'chance'],
    [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\(/, 'a timer'],
    [/\bprocess\./, 'the process'],
    [/from 'node:(?!crypto'|zlib')/, 'Node'],
  ];
  const wrong: string[] = [];
  for (const [file, text] of sources) {
    if (!pure.test(file)) continue;
    for (const [pattern, what] of banned) if (pattern.test(text)) wrong.push(`${file} reads ${what}`);
    if (/^(lib|meter-sim\/firmware)\//.test(file) && text.includes("from 'node:"))
      wrong.push(`${file} needs Node`);
  }
  assert.equal(wrong, []);
});

test('when source is written then it is not left unfinished, and lines fit', () => {
  const wrong: string[] = [];
  for (const [file, text] of sources) {
    if (file === 'test/tidy.test.ts') continue;
    if (/\b(FIXME|TODO|HACK)\b/.test(text)) wrong.push(`${file} is unfinished`);
    if (/\.(only|skip)\(/.test(text)) wrong.push(`${file} leaves tests out`);
    for (const [index, line] of text.split('\n').entries()) {
      if (line.length > 132 && !/^test\('/.test(line))
        wrong.push(`${file}:${index + 1} has ${line.length} columns`);
    }
  }
  assert.equal(wrong, []);
});

/** What runs in browsers is bundled when the program is built, and needed no more after that. */
function isOfPages(file: string): boolean {
  const folders = ['lib/pages/client/', 'vending-server/web/client/', 'meter-sim/panel/face/'];
  return folders.some((folder) => file.startsWith(folder));
}

test('when a source file stands in the tree then somebody imports it', () => {
  const entries = new Set([
    'cli/main.ts',
    'cli/bulk-worker.ts',
    'meter-sim/fleet/fleet-worker.ts',
    'vending-server/operation/ledger-process.ts',
    'vending-server/security-module/process.ts',
    'vending-server/store/sqlite/checkpoint-thread.ts',
    ...[...sources.keys()].filter((file) => isOfPages(file) && file.endsWith('/main.tsx')),
  ]);
  const exported = Object.values(packageJson().exports ?? {}).map((target) =>
    String(target).replace('./dist/', '').replace(/\.js$/, '.ts'),
  );
  const imported = new Set([...sources].flatMap(([file, text]) => importsOf(file, text)));
  const dead = [...sources.keys()].filter(
    (file) =>
      !file.startsWith('test/') && !imported.has(file) && !entries.has(file) && !exported.includes(file),
  );
  assert.equal(dead, []);
});

test('when a public module is named in package.json then it exists', () => {
  const names = Object.entries(packageJson().exports ?? {});
  for (const [name, target] of names) {
    if (name === './package.json' || name.includes('*')) continue;
    const source = join(ROOT, String(target).replace('./dist/', '').replace(/\.js$/, '.ts'));
    assert.ok(existsSync(source) || existsSync(join(ROOT, String(target))), `${name} -> ${target}`);
  }
  report(`${names.length} names exported`);
});

test('when a fault or an exit code exists then the documentation lists it, and nothing else', () => {
  const page = readFileSync(join(ROOT, 'lib/README.md'), 'utf8');
  assert.equal(
    page.split('\n').filter((line) => /^\| `[a-z_]+` \| \d/.test(line)),
    faultTable(),
  );
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  for (const code of Object.values(EXIT)) assert.match(readme, new RegExp(`^\\| ${code} \\|`, 'm'));
});

test('when a fault is in the table then some code raises it', () => {
  const all = [...sources]
    .filter(([file]) => file !== 'lib/faults.ts' && !file.startsWith('test/'))
    .map(([, text]) => text);
  const unused = Object.keys(FAULTS).filter((code) => !all.some((text) => text.includes(`'${code}'`)));
  assert.equal(
    unused,
    ['internal_error'].filter((code) => unused.includes(code)),
  );
});

test('when a dependency is declared then it is used, and when used then declared', () => {
  const declared = new Set(
    Object.keys({ ...packageJson().dependencies, ...packageJson().optionalDependencies }),
  );
  const usedBy = (counts: (file: string) => boolean) =>
    new Set(
      [...sources]
        .filter(([file]) => !file.startsWith('test/') && counts(file))
        .flatMap(([, text]) => [
          ...text.matchAll(/(?:from|import\()\s*'((?:@[\w-]+\/)?[\w-]+(?:\.js)?)(?:\/[^']*)?'/g),
        ])
        .map(([, name = '']) => name)
        .filter((name) => !name.startsWith('node')),
    );
  for (const name of usedBy(isOfPages)) assert.ok(name in packageJson().devDependencies, name);
  const used = usedBy((file) => !isOfPages(file));
  assert.equal([...used].sort(), [...declared].sort());
});

interface PackageJson {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function packageJson(): PackageJson {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as PackageJson;
}

test.run();
