/** The thread of `test/lib/hostile-exports.test.ts`: calls every entry of the table with every hostile value in every place. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { isStsFault } from '../../lib/faults.ts';
import { HOSTILE_VALUES, Trap } from './hostile.ts';
import { ENTRIES } from './hostile-exports.ts';
import type { Kind } from './hostile-kinds.ts';
import { type Entry, SECRETS } from './hostile-places.ts';

export interface HostileReport {
  readonly missing: readonly string[];
  readonly stale: readonly string[];
  readonly broken: readonly string[];
  readonly violations: readonly string[];
  readonly pollution: readonly string[];
  readonly trusted: readonly string[];
  readonly functions: number;
  readonly places: number;
  readonly calls: number;
  readonly refused: number;
  readonly answered: number;
  readonly trapped: number;
}

type Callable = (...args: unknown[]) => unknown;
type Path = readonly (string | number)[];
interface Place {
  readonly path: Path;
  readonly kind: Kind;
  readonly names: readonly string[];
}

const counts = { places: 0, calls: 0, refused: 0, answered: 0, trapped: 0 };
const violations: string[] = [];
const broken: string[] = [];
const trusted = new Map<string, string[]>();

/** Everything that can be called, of every module that package.json names, as 'module#name'. */
async function exportsOfLibrary(): Promise<Map<string, Callable>> {
  const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const found = new Map<string, Callable>();
  for (const target of Object.values<string>(packageJson.exports)) {
    if (!target.startsWith('./dist/lib/')) continue;
    const path = target.replace('./dist/lib/', '').replace(/\.js$/, '');
    const module: Record<string, unknown> = await import(
      new URL(`../../lib/${path}.ts`, import.meta.url).href
    );
    for (const [name, value] of Object.entries(module)) {
      if (typeof value === 'function') found.set(`${path}#${name}`, value as Callable);
    }
  }
  return found;
}

function* placesOf(kind: Kind, path: Path, names: readonly string[]): Generator<Place> {
  const own = typeof path.at(-1) === 'string' ? [String(path.at(-1))] : [];
  const known = [...names, ...own, ...(kind.alias ?? [])];
  // A whole object is refused by the first of its fields that is not right.
  yield { path, kind, names: [...known, ...namesInside(kind)] };
  if (kind.trusted !== undefined) return;
  for (const [name, field] of Object.entries(kind.fields ?? {}))
    yield* placesOf(field, [...path, name], known);
  if (kind.items !== undefined && (kind.sample() as unknown[]).length > 0)
    yield* placesOf(kind.items, [...path, 0], known);
}

function namesInside(kind: Kind): string[] {
  const inner = [
    ...Object.entries(kind.fields ?? {}),
    ...(kind.items === undefined ? [] : [['', kind.items] as const]),
  ];
  return inner.flatMap(([name, field]) => [name, ...(field.alias ?? []), ...namesInside(field)]);
}

/** Fresh arguments, with one value put in one place. */
function argumentsWith(entry: Entry, path: Path, value: unknown): unknown[] {
  const args = entry.parameters.map(([, kind]) => kind.sample());
  let at: Record<string | number, unknown> = args as never;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
  const last = path.at(-1) ?? 0;
  // Defined, not assigned: '__proto__' is a name like any other here.
  Object.defineProperty(at, last, { value, writable: true, enumerable: true, configurable: true });
  return args;
}

function attempt(entry: Entry, callable: Callable, place: Place, what: string, make: () => unknown): void {
  const value = make();
  const args = argumentsWith(entry, place.path, value);
  const before = args.map((argument, index) => (isKept(entry, index) ? printOf(argument) : ''));
  const where = `${entry.name} ${entry.parameters[Number(place.path[0])]?.[0]}.${place.path.slice(1).join('.')} = ${what}`;
  const isLegitimate = place.kind.accepts(value);
  counts.calls += 1;
  let complaint: string | undefined;
  try {
    const result = entry.call === undefined ? callable(...args) : entry.call(callable, args);
    if (!isLegitimate) complaint = `taken in silence, answers ${printOf(result).slice(0, 80)}`;
    else if (!entry.gives(result, args)) complaint = `answers ${printOf(result).slice(0, 80)}`;
    counts.answered += 1;
  } catch (error) {
    complaint = complaintAbout(error, place, value, isLegitimate);
  }
  if (complaint !== undefined) violations.push(`${where}: ${complaint}`);
  const after = args.map((argument, index) => (isKept(entry, index) ? printOf(argument) : ''));
  if (after.join() !== before.join()) violations.push(`${where}: an argument was changed`);
}

/** What is wrong with a refusal, if anything. */
function complaintAbout(
  error: unknown,
  place: Place,
  value: unknown,
  isLegitimate: boolean,
): string | undefined {
  if (error instanceof Trap) {
    counts.trapped += 1;
    return undefined;
  }
  counts.refused += 1;
  if (!(error instanceof TypeError || error instanceof RangeError || isStsFault(error)))
    return `throws ${error}`;
  if (isLegitimate && error instanceof TypeError) return `legitimate, and refused: ${error.message}`;
  const { message } = error;
  if (SECRETS.some((secret) => message.includes(secret))) return 'the refusal quotes a key';
  if (typeof value === 'string' && value.length > 12 && message.includes(value))
    return 'the refusal quotes the value';
  if (message.length > 300) return `the refusal has ${message.length} characters`;
  const isNative = /^Cannot (read|destructure)|is not (a function|iterable)|Receiver|incompatible/.test(
    message,
  );
  if (place.kind.unnamed !== undefined && error instanceof TypeError && isNative) return undefined;
  const name = isStsFault(error) ? error.param : /^"([^"]+)" expected /.exec(message)?.[1];
  if (name === undefined || !place.names.includes(name)) return `refused as ${name ?? 'nothing'}: ${message}`;
  return undefined;
}

/** Arguments that a function may write into are those it is trusted with. */
function isKept(entry: Entry, index: number): boolean {
  return entry.parameters[index]?.[1].trusted === undefined;
}

/** Everything that can be read of a value, as text; what cannot be read is the same before and after. */
function printOf(value: unknown): string {
  try {
    const seen = new Set<unknown>();
    const print = JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'bigint' || typeof inner === 'symbol' || Object.is(inner, -0))
        return `${typeof inner} ${String(inner)}`;
      if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner);
      if (typeof inner !== 'object' || inner === null) return inner;
      if (seen.has(inner) || (Array.isArray(inner) && inner.length > 100_000))
        return 'seen, or too long to print';
      seen.add(inner);
      return inner;
    });
    return print ?? String(value);
  } catch {
    return 'unreadable';
  }
}

/** The same fields in other clothes: frozen, inherited, without a prototype, with more than is asked for. */
function disguises({ kind, path }: Place): [string, () => unknown][] {
  const sample = kind.sample();
  if (typeof sample !== 'object' || sample === null || Array.isArray(sample) || ArrayBuffer.isView(sample))
    return [];
  // Inside another object a copy of its own fields is what a function may make of it.
  const inherited: [string, () => unknown][] =
    path.length === 1 ? [['its sample, inherited', () => Object.create(sample)]] : [];
  return [
    ['its sample, frozen', () => Object.freeze({ ...sample })],
    ...inherited,
    ['its sample, without prototype', () => Object.assign(Object.create(null), sample)],
    ['its sample and more', () => ({ ...sample, extra: 1, ['__proto__']: { polluted: true } })],
  ];
}

function tryEntry(entry: Entry, callable: Callable): void {
  const samples = entry.parameters.map(([, kind]) => kind.sample());
  try {
    const result = entry.call === undefined ? callable(...samples) : entry.call(callable, samples);
    if (!entry.gives(result, samples)) broken.push(`${entry.name} answers ${printOf(result).slice(0, 200)}`);
  } catch (error) {
    broken.push(`${entry.name} refuses its sample: ${error}`);
  }
  for (const [index, [name, kind]] of entry.parameters.entries()) {
    for (const place of placesOf(kind, [index], [name])) {
      if (place.kind.trusted !== undefined) {
        trusted.set(place.kind.trusted, [
          ...(trusted.get(place.kind.trusted) ?? []),
          `${entry.name} ${place.names.at(-1)}`,
        ]);
        continue;
      }
      counts.places += 1;
      for (const [what, make] of [...HOSTILE_VALUES, ...disguises(place)]) {
        announce(`${entry.name} ${place.names.join('.')} = ${what} ${counts.calls}`);
        attempt(entry, callable, place, what, make);
      }
    }
  }
}

function announce(where: string): void {
  const place = workerData as Uint8Array;
  place.fill(0);
  place.set(new TextEncoder().encode(where).subarray(0, place.length));
}

// Nearly every call throws, and what an error costs is its stack.
Error.stackTraceLimit = 0;
const found = await exportsOfLibrary();
const listed = new Set(ENTRIES.map(({ name }) => name.replace(/ .*/, '')));
for (const entry of ENTRIES) {
  const callable = found.get(entry.name.replace(/ .*/, ''));
  if (callable !== undefined) tryEntry(entry, callable);
}
const report: HostileReport = {
  missing: [...found.keys()].filter((name) => !listed.has(name)),
  stale: [...listed].filter((name) => !found.has(name)),
  broken,
  violations,
  pollution: Object.keys(Object.getOwnPropertyDescriptors(Object.prototype)).filter(
    (name) => name === 'polluted',
  ),
  trusted: [...trusted].map(([reason, places]) => `${places.length} places, ${reason}`),
  functions: found.size,
  ...counts,
};
parentPort?.postMessage(report);
