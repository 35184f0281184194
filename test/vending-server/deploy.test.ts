/** The files that put a server into service: they parse, they keep what they promise, and their flags are those of the CLI. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse, parseAllDocuments } from 'yaml';
import { addServerCommands } from '../../cli/program/server.ts';
import { DEFAULT_LIMITS } from '../../vending-server/config.ts';
import { report } from '../support/counts.ts';
import { SERVER_NODE_OPTIONS } from '../support/utility.ts';

const test = suite('deployment files');
const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, ROOT)), 'utf8');
const UNIT = 'vending-server/deploy/wattoken.service';

function optionsOf(command: string): string[] {
  const program = new Command();
  addServerCommands(program);
  const start = program.commands[0]?.commands.find((one) => one.name() === command);
  return start?.options.map(({ long }) => long ?? '') ?? [];
}

const flagsIn = (text: string) => [...text.matchAll(/(?<=^|[\s"'])--[a-z-]+/g)].map(([flag]) => flag);

/** Every flag that a list of arguments or a line uses, and that `server start` must know. */
function assertFlags(file: string, flags: readonly string[]): void {
  const known = optionsOf('start');
  assert.ok(flags.length >= 4, `${file} starts a server`);
  const unknown = flags.filter((flag) => !known.includes(flag));
  assert.equal(unknown, [], file);
  report(`${file}: ${flags.length} flags known`);
}

test('the image is built in stages, runs as nobody in particular, and forbids cores', () => {
  const text = read('Dockerfile');
  const steps = text.split('\n').filter((line) => /^[A-Z]+ /.test(line));
  assert.is(steps.filter((line) => line.startsWith('FROM ')).length, 2);
  assert.ok(steps.some((line) => /^USER 10001/.test(line)));
  assert.match(text, /ulimit -c 0 && exec node/);
  assert.match(text, /^HEALTHCHECK /m);
  assert.ok(steps.includes(`ENV NODE_OPTIONS=${SERVER_NODE_OPTIONS}`), 'as the unit');
  const json = (name: string): string[] =>
    JSON.parse(new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(text)?.[1] ?? '[]') as string[];
  assertFlags('Dockerfile', [...flagsIn(json('ENTRYPOINT').join(' ')), ...flagsIn(json('CMD').join(' '))]);
  for (const [, from = ''] of text.matchAll(/^COPY (?!--from)(\S+) \S+$/gm)) {
    assert.ok(from === '.' || existsSync(fileURLToPath(new URL(from, ROOT))), from);
  }
  const ignored = read('.dockerignore').split('\n');
  for (const secret of ['**/*.wks', '**/*.key', '**/*.pem', 'wattoken-data', '.git'])
    assert.ok(ignored.includes(secret));
});

test('the systemd unit seals the passphrase, forbids cores and waits for what runs', () => {
  const lines = read(UNIT).split('\n');
  const settings = new Map<string, string[]>();
  for (const line of lines.filter((one) => one !== '' && !one.startsWith('#') && !one.startsWith('['))) {
    const [name = '', ...value] = line.split('=');
    settings.set(name, [...(settings.get(name) ?? []), value.join('=')]);
  }
  const one = (name: string) => settings.get(name)?.at(-1);
  assert.is(one('LimitCORE'), '0');
  assert.is(one('ProtectSystem'), 'strict');
  assert.is(one('NoNewPrivileges'), 'yes');
  assert.match(one('LoadCredentialEncrypted') ?? '', /^passphrase:/);
  assert.ok(Number(one('TimeoutStopSec')) * 1000 > 2 * DEFAULT_LIMITS.shutdownGraceMillis);
  assert.match(one('ExecStart') ?? '', /\$\{CREDENTIALS_DIRECTORY\}\/passphrase/);
  assertFlags(UNIT, flagsIn(one('ExecStart') ?? ''));
  assert.is(one('Environment'), `NODE_OPTIONS=${SERVER_NODE_OPTIONS}`);
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
  } catch {
    report('no systemd-analyze on this machine: the unit was read, not verified');
    return;
  }
  const told = execFileSync('sh', [
    '-c',
    `systemd-analyze verify "${fileURLToPath(new URL(UNIT, ROOT))}" 2>&1; true`,
  ]).toString();
  // That node or the package is not installed here is no fault of the unit.
  const wrong = told
    .split('\n')
    .filter((line) => /wattoken\.service/.test(line) && /[Uu]nknown|[Ff]ailed to parse|Invalid/.test(line));
  assert.equal(wrong, []);
});

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
}
interface Service {
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  readonly secrets: readonly string[];
  readonly read_only?: boolean;
  readonly user?: string;
  readonly ulimits?: { readonly core: number };
  readonly environment?: Readonly<Record<string, string>>;
}

test('compose runs two servers with a module each on one database, and no secret stands in it', () => {
  const file = 'vending-server/deploy/compose.yaml';
  const { services, volumes, secrets } = parse(read(file), { merge: true }) as Compose;
  const servers = Object.entries(services).filter(([name]) => name.startsWith('server-'));
  assert.is(servers.length, 2);
  for (const [name, server] of servers) {
    assert.equal([server.read_only, server.user, server.ulimits?.core], [true, '10001:10001', 0], name);
    assertFlags(
      `${file} ${name}`,
      server.command.filter((word) => word.startsWith('--')),
    );
  }
  const folders = servers.map(([, server]) => server.volumes[0]);
  assert.is(new Set(folders).size, 2, 'a journal belongs to one module');
  for (const service of Object.values(services)) {
    for (const volume of service.volumes) assert.ok((volume.split(':')[0] ?? '') in volumes, volume);
    for (const secret of service.secrets) assert.ok(secret in secrets, secret);
    const plain = Object.entries(service.environment ?? {}).filter(([name]) => /PASS|KEY|TOKEN/.test(name));
    for (const [name] of plain) assert.match(name, /_FILE$/);
  }
  assert.match(services['database']?.command.join(' ') ?? '', /fsync=on.*synchronous_commit=on/);
});

interface Manifest {
  readonly kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: a tree of Kubernetes, read where it is looked at.
  readonly spec: any;
}

test('Kubernetes runs one writer, probes the right paths, and can be drained', () => {
  const file = 'vending-server/deploy/kubernetes.yaml';
  const documents = parseAllDocuments(read(file));
  for (const document of documents) assert.equal(document.errors, []);
  const all = documents.map((document) => document.toJS() as Manifest);
  const kind = (name: string) => all.find((one) => one.kind === name)?.spec;
  const set = kind('StatefulSet');
  assert.is(set.replicas, 1, 'SQLite has one writer');
  assert.equal(set.volumeClaimTemplates[0].spec.accessModes, ['ReadWriteOncePod']);
  const { spec } = set.template;
  const [server] = spec.containers;
  assert.is(server.livenessProbe.httpGet.path, '/live');
  assert.is(server.readinessProbe.httpGet.path, '/ready');
  assert.is(server.securityContext.readOnlyRootFilesystem, true);
  assert.is(spec.securityContext.runAsNonRoot, true);
  assert.ok(spec.terminationGracePeriodSeconds * 1000 > 5000 + 2 * DEFAULT_LIMITS.shutdownGraceMillis);
  assert.equal(kind('PodDisruptionBudget').maxUnavailable, 1);
  const mounted = server.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
  for (const path of server.args.filter((word: string) => word.startsWith('/'))) {
    assert.ok(
      mounted.some((folder: string) => path.startsWith(`${folder}/`)),
      path,
    );
  }
  assertFlags(
    file,
    server.args.filter((word: string) => word.startsWith('--')),
  );
});

test('the pages name no flag that does not exist', () => {
  const known = new Set(
    ['start', 'backup', 'restore', 'doctor', 'migrate', 'accept-clock'].flatMap(optionsOf),
  );
  let flags = 0;
  for (const page of ['vending-server/operation/README.md', 'vending-server/deploy/README.md']) {
    for (const [, flag = ''] of read(page).matchAll(/`(--[a-z-]+)/g)) {
      flags += 1;
      assert.ok(known.has(flag), `${page}: ${flag}`);
    }
  }
  report(`${flags} flags in two pages`);
});

test.run();
