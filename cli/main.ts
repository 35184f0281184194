#!/usr/bin/env node
/**
 * `wattoken`: one front door for people and scripts. Each command is loaded when it is called, so that decoding a token
 * does not wait for a web server to load.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../lib/faults.ts';
import { addKeyStoreCommands } from './program/keystore.ts';
import { addLedgerCommands } from './program/ledger.ts';
import { action, json, parseWhole } from './program/options.ts';
import { addServerCommands, parsePort } from './program/server.ts';
import { addLibraryCommands } from './program/tokens.ts';

const program = new Command('wattoken')
  .description(
    'Prepaid electricity, whole: STS tokens, the server that sells them, the meter that believes them.',
  )
  .version(packageVersion())
  .showHelpAfterError('(wattoken --help shows what there is)')
  .exitOverride();

const host = () => new Option('--host <address>', 'address to listen on').default('127.0.0.1');
const data = (folder: string) =>
  new Option('--data <folder>', 'where everything durable stands').default(folder);
const port = (value: number) =>
  new Option('--port <number>', 'TCP port, 0 for any free one').default(value).argParser(parsePort);

addLibraryCommands(program);

addServerCommands(program);

addKeyStoreCommands(program);

addLedgerCommands(program);

program
  .command('vend')
  .description('buy a token from a vending server')
  .argument('<meter>', 'DRN of 11 or 13 digits, or MeterPAN of 18')
  .argument('<amount>', 'money, such as 50 or 49.90')
  .option('--server <url>', 'the vending server', 'http://127.0.0.1:8080')
  .requiredOption('--api-key-file <file>', 'file with the vendor’s API key')
  .option('--currency <code>', 'ISO 4217', 'ZAR')
  .option('--request-id <id>', 'the id of an earlier attempt, to get its answer')
  .addOption(json())
  .action(
    action(async (meter: string, amount: string, options) =>
      (await import('./commands/vend.ts')).vend(meter, amount, options),
    ),
  );

const meter = program.command('meter').description('a simulated prepaid meter');
meter
  .command('run')
  .description('run one meter with its keypad and display on a port')
  .addOption(data('wattoken-data/meter'))
  .option('--meter-file <file>', 'factory settings (JSON); a public test meter when absent')
  .addOption(host())
  .addOption(port(8081))
  .addOption(new Option('--speed <factor>', 'times real time, or max').default(1).argParser(parseSpeed))
  .addOption(
    new Option('--load <watts>', 'a resistive load behind the meter').default(2000).argParser(parseWatts),
  )
  .addOption(
    new Option('--seed <number>', 'chooses the unit’s tolerances and all chance')
      .default(1)
      .argParser(parseSeed),
  )
  .addOption(json())
  .action(action(async (options) => (await import('./commands/meter-run.ts')).runMeter(options)));
meter
  .command('enter')
  .description('key a token into a running meter')
  .argument('<digits...>', 'a token number, with or without spaces')
  .option('--meter <url>', 'the meter’s port', 'http://127.0.0.1:8081')
  .addOption(json())
  .action(
    action(async (digits: string[], options: { meter: string; json?: boolean }) => {
      const { enterAtMeter } = await import('./commands/meter-enter.ts');
      await enterAtMeter(digits.join(''), options);
    }),
  );

program
  .command('sandbox')
  .description('a whole utility with public test keys: server, meter, a token sold and keyed in')
  .addOption(data('wattoken-data'))
  .addOption(new Option('--server-port <number>', 'port of the server').default(8080).argParser(parsePort))
  .addOption(new Option('--meter-port <number>', 'port of the meter').default(8081).argParser(parsePort))
  .addOption(new Option('--load <watts>', 'load behind the meter').default(2000).argParser(parseWatts))
  .addOption(new Option('--speed <factor>', 'times real time, or max').default(1).argParser(parseSpeed))
  .addOption(json())
  .action(action(async (options) => (await import('./commands/sandbox.ts')).runSandbox(options)));

function parseWatts(text: string): number {
  return parseWhole(text, 0, 23_000);
}

function parseSeed(text: string): number {
  return parseWhole(text, 0, 0xffff_ffff);
}

function parseSpeed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = Number(text);
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && value >= 0.01 && value <= 100_000) return value;
  throw new InvalidArgumentError('expected max, or a factor from 0.01 to 100000');
}

function packageVersion(): string {
  // One level up from cli/ in the sources, two from dist/cli/.
  for (const up of ['../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // The other place holds it.
    }
  }
  return '0';
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
