#!/usr/bin/env node
/**
 * `wattoken`: one front door for people and scripts. Each command is loaded when it is called, so that decoding a token
 * does not wait for a web server to load.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../lib/faults.ts';
import { addFleetCommands } from './program/fleet.ts';
import { addKeyStoreCommands } from './program/keystore.ts';
import { addLedgerCommands } from './program/ledger.ts';
import { addMeterCommands, parseSpeed, parseWatts } from './program/meter.ts';
import { action, json } from './program/options.ts';
import { addServerCommands, parsePort } from './program/server.ts';
import { addLibraryCommands } from './program/tokens.ts';

const program = new Command('wattoken')
  .description(
    'Prepaid electricity, whole: STS tokens, the server that sells them, the meter that believes them.',
  )
  .version(packageVersion())
  .showHelpAfterError('(wattoken --help shows what there is)')
  .exitOverride();

const data = (folder: string) =>
  new Option('--data <folder>', 'where everything durable stands').default(folder);

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

addMeterCommands(program);

addFleetCommands(program);

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
