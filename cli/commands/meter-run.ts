/** `wattoken meter run`: one live meter with its keypad and display behind a small HTTP port. */
import { startMeter } from '../../meter-sim/main.ts';
import { readJson } from '../files.ts';
import { untilStopped } from '../lifecycle.ts';
import { type OutputOptions, printResult, tell } from '../output.ts';
import { PUBLIC_TEST_METER } from '../public-test-values.ts';

export interface MeterRunOptions extends OutputOptions {
  readonly data: string;
  readonly meterFile?: string;
  readonly host: string;
  readonly port: number;
  readonly speed: number | 'max';
  readonly load: number;
  readonly seed?: number;
}

export async function runMeter(options: MeterRunOptions): Promise<void> {
  const factory =
    options.meterFile === undefined ? PUBLIC_TEST_METER : readJson(options.meterFile, '--meter-file');
  const meter = await startMeter({
    dataFolder: options.data,
    factory,
    host: options.host,
    port: options.port,
    speed: options.speed,
    loadWatts: options.load,
    seed: options.seed ?? 1,
    log: tell,
  });
  printResult(
    options,
    { url: meter.url, drn: meter.drn, pid: process.pid },
    `meter ${meter.drn} at ${meter.url}, load ${options.load} W, speed ${options.speed}`,
  );
  await untilStopped(() => meter.stop());
  tell('meter switched off, its registers are saved');
}
