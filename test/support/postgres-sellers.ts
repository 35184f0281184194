/** Starts, kills and hears the processes of postgres-seller.ts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundled } from './bundled.ts';
import type { StepsName } from './test-steps.ts';

export interface SellerOrder {
  readonly url: string;
  readonly moduleId: string;
  /** The file that stands for the module's own journal. */
  readonly journal: string;
  readonly vendors: readonly string[];
  readonly meters: readonly string[];
  /** How many sell at once. */
  readonly sellers: number;
  /** Sales of each; until stopped when absent. */
  readonly each?: number;
  /** Begins every request id: two processes with one prefix ask for the same sales. */
  readonly prefix: string;
  /** Each seller goes round all vendors instead of keeping to one. */
  readonly roam?: boolean;
  readonly leaseMillis: number;
  readonly connections: number;
  readonly steps: StepsName;
  /** Between the sales of one seller. */
  readonly pauseMillis?: number;
  /** Says nothing of each sale. */
  readonly quiet?: boolean;
  /** Waits for SIGUSR2 before the first sale. */
  readonly startOnSignal?: boolean;
}

export interface SellerTotals {
  readonly sold: number;
  readonly refused: number;
  /** Times that the fate of a sale was unknown and it was asked for again. */
  readonly unknown: number;
  /** Refusals that no asker should have met. */
  readonly failed: number;
}

export interface Seller {
  /** Tokens of an earlier life that this one named. */
  readonly named: number;
  /** Sale by vendor and request id, of all that were answered so far. */
  readonly answered: ReadonlyMap<string, string>;
  readonly failures: readonly string[];
  begin(): void;
  /** Lets it run in so much of each moment alone, as on a smaller machine of its own, until it is asked to end. */
  hold(share: number): void;
  /** Lets it end by itself, or asks it to. */
  ended(ask?: boolean): Promise<SellerTotals & { seconds: number; cpuSeconds: number }>;
  kill(): Promise<void>;
}

/** Short against the wait for another server's row, so that a held process is slow and never away. */
const HOLD_PERIOD_MILLIS = 20;

const running = new Set<() => void>();

/** Kills what a failed test has left. */
export function killSellers(): void {
  for (const kill of running) kill();
}

export async function startSeller(order: SellerOrder): Promise<Seller> {
  const program = fileURLToPath(bundled('test/support/postgres-seller.ts'));
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'], // it ends when its input does: a seller must not outlive a test that fails
  });
  const answered = new Map<string, string>();
  const failures: string[] = [];
  let named = 0;
  let end: (SellerTotals & { seconds: number; cpuSeconds: number }) | undefined;
  let becomeReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const said = JSON.parse(line);
      if (said.ready) {
        named = said.named;
        becomeReady();
      } else if (said.totals) end = { ...said.totals, seconds: said.seconds, cpuSeconds: said.cpuSeconds };
      else if (said.failed) failures.push(said.failed);
      else answered.set(`${said.vendorId} ${said.requestId}`, said.saleId);
    }
  });
  const exited = once(child, 'close');
  let holding: NodeJS.Timeout | undefined;
  let stop: NodeJS.Timeout | undefined;
  const release = () => {
    clearInterval(holding);
    clearTimeout(stop);
    child.kill('SIGCONT');
  };
  const kill = () => void child.kill('SIGKILL');
  running.add(kill);
  child.once('close', () => {
    running.delete(kill);
    release();
  });
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`a seller ended with ${code} before it sold`);
    }),
  ]);
  return {
    get named() {
      return named;
    },
    answered,
    failures,
    begin: () => void child.kill('SIGUSR2'),
    hold(share) {
      holding = setInterval(() => {
        child.kill('SIGCONT');
        stop = setTimeout(() => child.kill('SIGSTOP'), share * HOLD_PERIOD_MILLIS);
      }, HOLD_PERIOD_MILLIS);
    },
    async ended(ask = false) {
      release();
      if (ask) child.kill('SIGTERM');
      const [code] = await exited;
      if (end === undefined) throw new Error(`a seller ended with ${code} and without its totals`);
      return end;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
