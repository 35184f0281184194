/** Reads what `npm run coverage` counted: every line of `lib` must have run in a test, nine of ten elsewhere. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const LEAST_PERCENT = { lib: 100, 'vending-server': 90, 'meter-sim': 90, cli: 90 } as const;

type Summary = Readonly<Record<string, { lines: { total: number; covered: number } }>>;

const summary = JSON.parse(
  readFileSync(new URL('../coverage/coverage-summary.json', import.meta.url), 'utf8'),
) as Summary;
for (const [room, least] of Object.entries(LEAST_PERCENT)) {
  const files = Object.entries(summary).filter(
    ([file]) => relative(ROOT, file).startsWith(`${room}/`) && hasCode(relative(ROOT, file)),
  );
  const total = files.reduce((sum, [, { lines }]) => sum + lines.total, 0);
  const covered = files.reduce((sum, [, { lines }]) => sum + lines.covered, 0);
  const percent = (100 * covered) / total;
  console.log(
    `${room.padEnd(15)} ${percent.toFixed(2).padStart(6)} % of ${total} lines, at least ${least} %`,
  );
  if (percent >= least) continue;
  process.exitCode = 1;
  const missed = files.map(([file, { lines }]) => ({
    file: relative(ROOT, file),
    lines: lines.total - lines.covered,
  }));
  for (const { file, lines } of missed.filter(({ lines }) => lines > 0).sort((a, b) => b.lines - a.lines)) {
    console.log(`  ${lines} lines not run in ${file}`);
  }
}

/** A file of types alone compiles to nothing that could run. */
function hasCode(file: string): boolean {
  const built = new URL(`../dist/${file.replace(/\.ts$/, '.js')}`, import.meta.url);
  const code = readFileSync(built, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return code.trim() !== 'export {};';
}
