/** The command lines of `wattoken keystore`. */
import { type Command, Option } from 'commander';
import { action, json } from './options.ts';

export function addKeyStoreCommands(program: Command): void {
  const keystore = program.command('keystore').description('the sealed file of vending keys');
  const withStore = (name: string, what: string) =>
    keystore
      .command(name)
      .description(what)
      .addOption(
        new Option('--key-store <file>', 'the key store').default('wattoken-data/server/key-store.wks'),
      )
      .option('--passphrase-file <file>', 'file whose one line opens the key store')
      .addOption(json());
  const load = () => import('../commands/keystore.ts');

  withStore('init', 'make an empty key store')
    .addOption(
      new Option('--custodians <number>', 'people that a vending key takes to come in; 1 is for test keys')
        .choices(['1', '2'])
        .default('2'),
    )
    .action(action(async (options) => (await load()).initKeyStore(options)));
  withStore('import', 'add a vending key, in one piece or as the component of one custodian')
    .option('--key-file <file>', 'one vending key, where one custodian is enough')
    .option('--component-file <file>', 'one of two components')
    .action(action(async (options) => (await load()).importKey(options)));
  keystore
    .command('split')
    .description('make two components of a vending key, for two custodians')
    .requiredOption('--key-file <file>', 'one vending key')
    .requiredOption('--out-1 <file>', 'the first component; a new file')
    .requiredOption('--out-2 <file>', 'the second component; a new file')
    .addOption(json())
    .action(action(async (options) => (await load()).splitKey(options)));
  withStore('list', 'show the keys by their attributes and check values').action(
    action(async (options) => (await load()).listKeys(options)),
  );
  withStore('rotate', 'seal the key store under a new passphrase')
    .option('--new-passphrase-file <file>', 'file with the new passphrase')
    .action(action(async (options) => (await load()).rotateKeyStore(options)));
  withStore('backup', 'write a sealed copy under a passphrase of its own')
    .requiredOption('--backup <file>', 'the copy; a new file')
    .option('--backup-passphrase-file <file>', 'file with the passphrase of the copy')
    .action(action(async (options) => (await load()).backUp(options)));
  withStore('restore', 'make the key store of a backup anew; it never replaces one')
    .requiredOption('--backup <file>', 'the sealed copy')
    .option('--backup-passphrase-file <file>', 'file with the passphrase of the copy')
    .option('--module <id>', 'the module that it must be')
    .action(action(async (options) => (await load()).restore(options)));
}
