/** `wattoken meter …`: one simulated meter, live behind a port or through a scenario. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { action, json, parseWhole, whole } from './options.ts';
import { parsePort } from './server.ts';

export function addMeterCommands(program: Command): void {
  const meter = program.command('meter').description('a simulated prepaid meter');
  addRun(meter);
  meter
    .command('schema')
    .description('print the JSON Schema of scenario files, for editors')
    .action(action(async () => (await import('../commands/meter-scenario.ts')).printSchema()));
  meter
    .command('enter')
    .description('key a token into a running meter')
    .argument('<digits...>', 'a token number, with or without spaces')
    .option('--meter <url>', 'the meter’s port', 'http://127.0.0.1:8081')
    .addOption(json())
    .action(
      action(async (digits: string[], options: { meter: string; json?: boolean }) => {
        const { enterAtMeter } = await import('../commands/meter-enter.ts');
        await enterAtMeter(digits.join(''), options);
      }),
    );
}

function addRun(meter: Command): void {
  meter
    .command('run')
    .description('run one meter with its keypad and display on a port, or play a scenario to its verdict')
    .argument('[scenario]', 'YAML or JSON file; exit code 5 when something in it came otherwise')
    .addOption(
      new Option('--data <folder>', 'where everything durable stands').default('wattoken-data/meter'),
    )
    .option('--meter-file <file>', 'factory settings (JSON); a public test meter when absent')
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1'))
    .addOption(
      new Option('--port <number>', 'TCP port, 0 for any free one').default(8081).argParser(parsePort),
    )
    .addOption(new Option('--speed <factor>', 'times real time, or max').default(1).argParser(parseSpeed))
    .addOption(
      new Option('--load <watts>', 'a resistive load behind the meter').default(2000).argParser(parseWatts),
    )
    .addOption(whole('--seed <number>', 'chooses the unit’s tolerances and all chance', 0, 0xffff_ffff))
    .addOption(
      new Option('--mode <mode>', 'scenario: how time is kept; its own mode when absent').choices([
        'next-event',
        'sampled',
      ]),
    )
    .option('--vcd <file>', 'scenario: write waveform, rail, relay and pins as VCD')
    .option('--csv <file>', 'scenario: the same as CSV')
    .option('--trace-from <time>', 'scenario: where the traces begin, such as 1h', '0s')
    .option('--trace-to <time>', 'scenario: where they end; a second later when absent')
    .option('--trace-period <time>', 'scenario: between two looks', '244us')
    .addOption(json())
    .action(
      action(async (scenario: string | undefined, options) => {
        if (scenario === undefined) await (await import('../commands/meter-run.ts')).runMeter(options);
        else await (await import('../commands/meter-scenario.ts')).playScenarioFile(scenario, options);
      }),
    );
}

export function parseWatts(text: string): number {
  return parseWhole(text, 0, 23_000);
}

export function parseSpeed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = Number(text);
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && value >= 0.01 && value <= 100_000) return value;
  throw new InvalidArgumentError('expected max, or a factor from 0.01 to 100000');
}
