/** `wattoken server …`: the vending server and what keeps it running. */
import { type Command, Option } from 'commander';
import { addMigrateCommand, database, databaseFile } from './database.ts';
import { action, json, parseWhole, whole } from './options.ts';

const DATA = 'wattoken-data/server';

const data = () => new Option('--data <folder>', 'where everything durable stands').default(DATA);
const keyStore = () =>
  new Option('--key-store <file>', 'sealed key store; key-store.wks in the data folder when absent');
const passphraseFile = () =>
  new Option('--passphrase-file <file>', 'file whose one line opens the key store');
const tlsCert = () =>
  new Option('--tls-cert <file>', 'certificate with its issuers (PEM): the door speaks TLS');
const tlsKey = () => new Option('--tls-key <file>', 'private key of the certificate (PEM)');
const clientCa = () =>
  new Option('--client-ca <file>', 'authority whose client certificates can be bound to vendors (PEM)');

export function addServerCommands(program: Command): void {
  const server = program.command('server').description('the vending server');
  addStart(server);
  addBackup(server);
  server
    .command('doctor')
    .description('look a data folder over, beside a running server too; exit code 5 when something is wrong')
    .addOption(data())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(keyStore())
    .addOption(passphraseFile())
    .addOption(tlsCert())
    .addOption(tlsKey())
    .addOption(clientCa())
    .addOption(json())
    .action(action(async (options) => (await import('../commands/server-doctor.ts')).examineServer(options)));
  addMigrateCommand(server, data);
  server
    .command('accept-clock')
    .description('believe the clock of this machine again after it once ran ahead')
    .addOption(data())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(json())
    .action(
      action(async (options) => (await import('../commands/server-maintain.ts')).acceptClockOf(options)),
    );
}

function addStart(server: Command): void {
  server
    .command('start')
    .description('serve until stopped')
    .addOption(data())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1'))
    .addOption(
      new Option('--port <number>', 'TCP port, 0 for any free one').default(8080).argParser(parsePort),
    )
    .addOption(keyStore())
    .addOption(passphraseFile())
    .addOption(tlsCert())
    .addOption(tlsKey())
    .addOption(clientCa())
    .addOption(whole('--metrics-port <number>', 'a port of its own for Prometheus and probes', 0, 65_535))
    .addOption(new Option('--metrics-host <address>', 'address of that port').default('127.0.0.1'))
    .option('--metrics-token-file <file>', 'file whose one line a scraper must send as a bearer token')
    .addOption(whole('--rate-per-key <number>', 'most requests a second with one API key', 1, 1_000_000))
    .addOption(whole('--rate-per-address <number>', 'most requests a second from one address', 1, 1_000_000))
    .addOption(whole('--disk-floor <MiB>', 'less room than this is not ready', 0, 1_000_000))
    .addOption(
      whole(
        '--persons <1|2>',
        'how many persons deposits and tariffs need, at the first start',
        1,
        2,
      ).default(2),
    )
    .option('--no-module-restart', 'end with the security module instead of starting it again')
    .option('--allow-private-webhooks', 'call webhooks at private addresses and without TLS too')
    .option('--sandbox', 'scripted meters, on a ledger that is a sandbox for ever')
    .addOption(
      new Option('--log-level <level>', 'how much to log')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('warn'),
    )
    .option('--log-file <file>', 'log there instead of stderr, line by line')
    .addOption(json())
    .action(
      action(async (options) => (await import('../commands/server-start.ts')).startVendingServer(options)),
    );
}

function addBackup(server: Command): void {
  server
    .command('backup')
    .description('copy ledger and journal, through the server when one runs')
    .addOption(data())
    .addOption(keyStore())
    .requiredOption('--out <folder>', 'the new folder that the backup becomes')
    .option('--with-key-store', 'put the sealed key store into the backup too')
    .addOption(json())
    .action(action(async (options) => (await import('../commands/server-backup.ts')).backupServer(options)));
  server
    .command('restore')
    .description('put a backup into the data folder of a stopped server')
    .addOption(data())
    .addOption(keyStore())
    .requiredOption('--from <folder>', 'the backup')
    .option('--replace', 'set a ledger that stands there aside')
    .addOption(json())
    .action(action(async (options) => (await import('../commands/server-backup.ts')).restoreServer(options)));
}

export function parsePort(text: string): number {
  return parseWhole(text, 0, 65_535);
}
