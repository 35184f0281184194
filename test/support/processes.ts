/** The built command line as other people run it: separate processes, nothing shared with the test but files and ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end, or stops it after `timeoutMillis`. */
export async function runCli(
  args: readonly string[],
  options: { cwd?: string; input?: string; timeoutMillis?: number } = {},
): Promise<Finished> {
  const { cwd, timeoutMillis: timeout } = options;
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, timeout, stdio: 'pipe' });
  const texts = collect(child);
  child.stdin?.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts() };
}

export interface Running {
  /** What the command printed first, parsed. */
  readonly ready: Record<string, string>;
  readonly child: ChildProcess;
  /** Asks it to end and gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** SIGKILL, to the moment. */
  kill(): Promise<void>;
  output(): { stdout: string; stderr: string };
}

/** Starts a long-running command with `--json` and waits for its first line. */
export async function startCli(
  args: readonly string[],
  options: { cwd?: string; nodeOptions?: string } = {},
): Promise<Running> {
  const { cwd, nodeOptions: NODE_OPTIONS } = options;
  const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
    cwd,
    env: NODE_OPTIONS === undefined ? process.env : { ...process.env, NODE_OPTIONS },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = collect(child);
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const { stdout } = texts();
      if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')));
    });
    child.once('exit', (code) => {
      const { stdout, stderr } = texts();
      reject(new Error(`"${args.slice(0, 2).join(' ')}" ended with ${code}: ${stdout}${stderr}`));
    });
  });
  return {
    ready: JSON.parse(line),
    child,
    output: texts,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What a process has said so far, each time it is asked. */
export function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return () => ({ stdout, stderr });
}
