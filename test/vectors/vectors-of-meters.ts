/**
 * Ordered vectors of meters. Result and register changes are written by hand in `meter-*.ts`; the whole state comes from the
 * second meter of `test/reference`, and where that disagrees with the hand the generator throws. `lib/meter` gives nothing
 * to them: the tests try it against the files.
 */
import { RESULT_NUMBERS, type ResultName } from '../reference/meter.ts';
import { basicTests, creditTests, displayTests, managementTests, reservedTests } from './meter-acceptance.ts';
import { keptStateTests, officialSetTests, orderTests, rollOverTests } from './meter-key-change.ts';
import { lockoutTests } from './meter-lockout.ts';
import { lateEntryTests, openMemoryTests, usedTests } from './meter-memory.ts';
import { assemblyTests, badSectionTests, keyTypeTests, timeoutTests } from './meter-sections.ts';
import { ASSUMPTIONS, type MeterTest } from './meter-steps.ts';
import type { VectorFile } from './schema.ts';

type MeterFile = VectorFile<'meter'>;

const SOURCES = { name: 'result codes and rules that two public sources share', version: '2025' };
const SECOND = { ...SOURCES, trust: 'second-implementation' } as const;
const OURS = { name: 'Wattoken', version: '1', trust: 'ours-alone' } as const;
const DIGITS = {
  name: 'digits of STS 531-1, behaviour of sts.md 7.3',
  version: 'Ed 2.2',
  trust: 'ours-alone',
} as const;

const NOTES = {
  PublishedSet: 'the sections are an official set; no official document says what a meter makes of them',
  RollOver: 'RO = 1: the base date moves on and the memory of identifiers is emptied',
  ...ASSUMPTIONS,
};

export function meterFiles(): Record<string, MeterFile> {
  const files = {
    'meter-acceptance': acceptance(),
    'meter-memory': memory(),
    'meter-key-change': keyChange(),
    'meter-lockout': lockout(),
  };
  const seen = new Set<string>();
  for (const { groups } of Object.values(files)) {
    for (const { tests } of groups)
      for (const { steps } of tests) for (const { result } of steps) seen.add(result);
  }
  const missing = (Object.keys(RESULT_NUMBERS) as ResultName[]).filter((name) => !seen.has(name));
  if (missing.length > 0) throw new Error(`no meter vector answers ${missing.join(', ')}`);
  return files;
}

function file(algorithm: string, groups: MeterFile['groups']): MeterFile {
  const flags = new Set(groups.flatMap(({ tests }) => tests.flatMap((test) => test.flags)));
  const notes = Object.fromEntries(Object.entries(NOTES).filter(([flag]) => flags.has(flag)));
  return { algorithm, schema: 'meter', notes, groups };
}

const group = (clause: string, source: MeterFile['groups'][number]['source'], tests: MeterTest[]) => ({
  clause,
  source,
  tests,
});

function acceptance(): MeterFile {
  return file('A meter’s answer to every kind of token', [
    group('sts.md 8.1', SECOND, basicTests()),
    group('sts.md 8.4', OURS, creditTests()),
    group('sts.md 8.4', OURS, managementTests()),
    group('sts.md 2.5', OURS, displayTests()),
    group('sts.md 2.2', OURS, reservedTests()),
  ]);
}

function memory(): MeterFile {
  return file('The token identifiers that a meter remembers', [
    group('sts.md 8.3', SECOND, usedTests()),
    group('sts.md 8.3', OURS, lateEntryTests()),
    group('sts.md 8.3', OURS, openMemoryTests()),
  ]);
}

function keyChange(): MeterFile {
  return file('Key changes at a meter', [
    group('sts.md 7.3', DIGITS, officialSetTests()),
    group('sts.md 7.3', DIGITS, orderTests()),
    group('sts.md 10', OURS, rollOverTests()),
    group('sts.md 7.3', OURS, keptStateTests()),
    group('sts.md 7.3', OURS, assemblyTests()),
    group('sts.md 7.3', OURS, timeoutTests()),
    group('sts.md 6.6', OURS, keyTypeTests()),
    group('sts.md 7.1', OURS, badSectionTests()),
  ]);
}

function lockout(): MeterFile {
  return file('How a meter slows guessing', [group('sts.md 8.5', OURS, lockoutTests())]);
}
