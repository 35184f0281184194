/** `wattoken ledger`: what an auditor asks, of a data folder or of files alone. */
import { type Command, Option } from 'commander';
import { database, databaseFile } from './database.ts';
import { action, json } from './options.ts';

const data = () => new Option('--data <folder>', 'the data folder of a vending server');
const moduleId = () =>
  new Option('--module <id>', 'whose chain, where several servers sell into one PostgreSQL database');
const publicKey = () =>
  new Option('--public-key <base64>', 'the module’s public key as you know it (SPKI DER)');
const witness = () =>
  new Option('--witness <file...>', 'witness files: each of their heads must still stand in the ledger');

export function addLedgerCommands(program: Command): void {
  const ledger = program.command('ledger').description('the chained ledger of all tokens: export and proof');
  ledger
    .command('export')
    .description('write the whole ledger to a file that anyone can check; the server may go on selling')
    .addOption(data())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(moduleId())
    .requiredOption('--out <file>', 'a new file')
    .option('--with-token-numbers', 'also the digits, which are bearer credit until they are keyed')
    .addOption(json())
    .action(
      action(async (options) => (await import('../commands/ledger-export.ts')).exportTheLedger(options)),
    );
  ledger
    .command('verify')
    .description('prove an export without any key or database; exit 5 when anything is wrong')
    .argument('[export]', 'a file of ledger export')
    .addOption(data())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(publicKey())
    .addOption(witness())
    .addOption(json())
    .action(
      action(async (file: string | undefined, options) =>
        (await import('../commands/ledger-verify.ts')).verifyLedger(file, options),
      ),
    );
  ledger
    .command('witness')
    .description(
      'write the signed head of the ledger for an outsider to keep; goes on with a file that exists',
    )
    .addOption(data())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(moduleId())
    .requiredOption('--out <file>', 'the witness file')
    .addOption(json())
    .action(
      action(async (options) => (await import('../commands/ledger-witness.ts')).witnessTheLedger(options)),
    );
  ledger
    .command('find')
    .description(
      'was this token ours: vendor, time, counter and proof; exit 4 when the ledger does not hold it',
    )
    .addOption(data())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(moduleId())
    .addOption(new Option('--export <file>', 'look in an export instead, and prove it').conflicts('data'))
    .addOption(
      new Option('--token <digits>', 'the 20 digits, or - to read them from stdin').conflicts('sale'),
    )
    .option('--sale <id>', 'a sale id')
    .addOption(publicKey())
    .addOption(witness())
    .addOption(json())
    .action(action(async (options) => (await import('../commands/ledger-find.ts')).findInLedger(options)));
}
