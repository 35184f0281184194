/**
 * Another `wattoken` command as a child process: started with `--json`, ready when its first line says so, stopped by
 * SIGTERM. The channel between both is only there so that the child notices when we are gone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { FAULTS, type FaultCode, StsFault } from '../lib/faults.ts';

export interface ChildCommand {
  /** The first line of its result. @throws StsFault that the child reported instead. */
  readonly ready: Promise<{ readonly url: string }>;
  /** Rejects when the child ends without having been asked to; never resolves. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

const readyShape = z.looseObject({ url: z.string() });

/** @param flagNames - how this command's caller calls the child's flags, so that a fault names a flag he has. */
export function startChild(
  args: readonly string[],
  flagNames: Readonly<Record<string, string>>,
): ChildCommand {
  const main = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url),
  );
  const child = fork(main, [...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let stopping = false;
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  const name = args.slice(0, 2).join(' ');
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = firstLine(child).then((line) => readLine(line, name, complaint, flagNames));
  const died = new Promise<never>((_, reject) => {
    child.once('exit', () => {
      if (!stopping)
        reject(new StsFault('service_not_ready', `"${name}" ended by itself: ${complaint.trim()}`));
    });
  });
  died.catch(() => undefined); // whoever waits for `ready` hears the better reason first
  return {
    ready,
    died,
    async stop() {
      stopping = true;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The first line on stdout, or '' when the child ended without one. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', () => resolve(''));
  });
}

function readLine(
  line: string,
  name: string,
  complaint: string,
  flagNames: Readonly<Record<string, string>>,
): { readonly url: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new StsFault('service_not_ready', `"${name}" did not start: ${complaint.trim()}`);
  }
  const ready = readyShape.safeParse(value);
  if (ready.success) return ready.data;
  const { code, detail } = (value ?? {}) as { code?: string; detail?: string };
  if (code === undefined || !(code in FAULTS))
    throw new StsFault('service_not_ready', `"${name}" did not start`);
  const known = code as FaultCode;
  const own = `${FAULTS[known].text}: `;
  let text = detail?.startsWith(own) ? detail.slice(own.length) : '';
  for (const [theirs, ours] of Object.entries(flagNames)) text = text.replaceAll(theirs, ours);
  throw new StsFault(known, text === '' ? undefined : text);
}
