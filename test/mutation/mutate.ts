/** Puts one fault into a copy of the tree and tells whether the quick tests notice. The checkout itself is never touched. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fault } from './faults.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The quickest and sharpest first: most faults never reach the second. */
export const TEST_PARTS = ['vectors/', 'lib/'] as const;
/** A fault that makes a loop endless is noticed too. */
const LIMIT_MILLIS = 30_000;

export interface Verdict {
  /** The part whose tests failed; undefined when the fault survived. */
  readonly caughtBy: (typeof TEST_PARTS)[number] | undefined;
  readonly seconds: number;
}

/** How often the search text of a fault stands in its file: anything but once makes the fault worthless. */
export function occurrences({ file, find }: Fault): number {
  return readFileSync(join(ROOT, file), 'utf8').split(find).length - 1;
}

/** All of them: tests of the library read what the other rooms say of it. */
const ROOMS = ['lib', 'cli', 'vending-server', 'meter-sim', 'test', 'vectors'];

export function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'wattoken-mutation-'));
  for (const name of [...ROOMS, 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

export function removeTree(copy: string): void {
  rmSync(copy, { recursive: true, force: true });
}

/** @param fault - undefined runs the tests of the copy as it is, which must pass. */
export async function judge(copy: string, fault: Fault | undefined): Promise<Verdict> {
  const startedAt = performance.now();
  const path = fault === undefined ? undefined : join(copy, fault.file);
  const before = path === undefined ? '' : readFileSync(path, 'utf8');
  if (path !== undefined && fault !== undefined)
    writeFileSync(
      path,
      before.replace(fault.find, () => fault.put),
    );
  try {
    for (const part of TEST_PARTS) {
      if (!(await passes(copy, part))) return { caughtBy: part, seconds: since(startedAt) };
    }
    return { caughtBy: undefined, seconds: since(startedAt) };
  } finally {
    if (path !== undefined) writeFileSync(path, before);
  }
}

function passes(copy: string, part: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { WATTOKEN_TEST_COUNTS: _everyday, ...env } = process.env;
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/run.ts', part], {
      cwd: copy,
      env,
      stdio: 'ignore',
      timeout: LIMIT_MILLIS,
    });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

function since(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
