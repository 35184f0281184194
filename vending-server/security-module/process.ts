/**
 * The security module's own process: opens key store and journal, and answers the server over the IPC channel it was forked
 * with. It ends when the channel closes, and on nothing else: Ctrl-C in a terminal reaches it too, while the server is
 * still finishing the sales in hand.
 *
 * Node cannot forbid core dumps; start the server under `ulimit -c 0` (or LimitCORE=0). What Node itself could write of this
 * process's memory, diagnostic reports and the inspector, is switched off here and by the client that forks it.
 */
import { parseArgs } from 'node:util';
import { StsFault } from '../../lib/faults.ts';
import { systemRandom } from '../system-random.ts';
import { openKeyStore } from './key-store.ts';
import { ModuleCore } from './module.ts';
import { type ModuleJournal, openModuleJournal } from './module-journal.ts';
import { promptPassphrase, readPassphraseFile } from './passphrase.ts';
import { type FromModule, faultToWire, type Question, type ToModule } from './protocol.ts';

interface Arguments {
  readonly keyStorePath: string;
  readonly journalPath: string;
  readonly passphraseFile: string | undefined;
  readonly passphraseFd: number | undefined;
  readonly tidWindowMinutes: number;
}

process.title = 'wattoken-security-module';
if (process.report !== undefined) {
  process.report.reportOnFatalError = false;
  process.report.reportOnSignal = false;
  process.report.reportOnUncaughtException = false;
}
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without a listener Node answers this signal with an inspector, to which any program of this machine may speak.
process.on('SIGUSR1', () => undefined);
// A stack could quote an argument, and an argument a key: whatever was not foreseen ends the process in silence.
process.on('uncaughtException', () => process.exit(1));
process.on('disconnect', () => process.exit(0));

await start();

async function start(): Promise<void> {
  try {
    const { core, journal } = await open(readArguments());
    process.on('message', (message: ToModule) => handle(core, message));
    process.on('exit', () => journal.close());
    tell({ kind: 'ready', identity: core.identity() });
  } catch (error) {
    tell({ kind: 'failed', fault: faultToWire(error) }, () => process.exit(1));
  }
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      'key-store': { type: 'string' },
      journal: { type: 'string' },
      'passphrase-file': { type: 'string' },
      'passphrase-fd': { type: 'string' },
      'tid-window': { type: 'string' },
    },
  });
  const { 'key-store': keyStorePath, journal: journalPath } = values;
  if (keyStorePath === undefined || journalPath === undefined) {
    throw new StsFault('usage', '--key-store and --journal are needed');
  }
  const fd = values['passphrase-fd'];
  return {
    keyStorePath,
    journalPath,
    passphraseFile: values['passphrase-file'],
    passphraseFd: fd === undefined ? undefined : Number(fd),
    tidWindowMinutes: readWindow(values['tid-window']),
  };
}

/** Minutes; whatever is no such number must not open the window. */
function readWindow(text: string | undefined): number {
  const minutes = Number(text);
  if (text !== undefined && Number.isInteger(minutes) && minutes >= 0) return minutes;
  throw new StsFault('usage', '--tid-window is needed, in minutes');
}

async function open(from: Arguments): Promise<{ core: ModuleCore; journal: ModuleJournal }> {
  const passphrase = await readPassphrase(from);
  let keyStore: ReturnType<typeof openKeyStore>;
  try {
    keyStore = openKeyStore(from.keyStorePath, passphrase);
  } finally {
    passphrase.fill(0);
  }
  const journal = await openModuleJournal(from.journalPath, keyStore);
  const clock = { now: () => Date.now() };
  const { tidWindowMinutes } = from;
  return {
    core: new ModuleCore({ keyStore, journal, clock, random: systemRandom(), tidWindowMinutes }),
    journal,
  };
}

async function readPassphrase({ passphraseFile, passphraseFd }: Arguments): Promise<Uint8Array> {
  if (passphraseFile !== undefined) return readPassphraseFile(passphraseFile);
  if (passphraseFd !== undefined) return readPassphraseFile(passphraseFd);
  if (process.stdin.isTTY) return promptPassphrase(process.stdin, process.stderr, 'key store passphrase: ');
  throw new StsFault('key_store_passphrase_missing', 'no passphrase file, and no terminal to ask on');
}

function handle(core: ModuleCore, message: ToModule): void {
  switch (message.kind) {
    case 'issue':
      issue(core, message.batch, message.requests);
      return;
    case 'ask':
      void answer(core, message.id, message.question);
      return;
  }
}

/** The tokens leave at once, so that the server works on while this process waits for its disk. */
function issue(core: ModuleCore, batch: number, requests: readonly unknown[]): void {
  const { results, seal } = core.issueBatch(requests);
  tell({
    kind: 'issued',
    batch,
    results: results.map((result) => ('fault' in result ? { fault: faultToWire(result.fault) } : result)),
  });
  try {
    seal();
  } catch (error) {
    // What the disk holds is not known: only a fresh start that reads it back may count on. Batches may wait already.
    process.removeAllListeners('message');
    tell({ kind: 'sealed', batch, fault: faultToWire(error) }, () => process.exit(1));
    return;
  }
  tell({ kind: 'sealed', batch });
}

async function answer(core: ModuleCore, id: number, question: Question): Promise<void> {
  try {
    const value = ask(core, question);
    // Awaited only where there is something to wait for: what was asked first is answered first.
    tell({ kind: 'answer', id, value: value instanceof Promise ? await value : value });
  } catch (error) {
    tell({ kind: 'refusal', id, fault: faultToWire(error) });
  }
}

function ask(core: ModuleCore, question: Question): unknown {
  switch (question.ask) {
    case 'identity':
      return core.identity();
    case 'vendingKeys':
      return core.vendingKeys();
    case 'counters':
      return core.counters();
    case 'verify':
      return core.verify(question.request);
    case 'entriesAfter':
      return core.entriesAfter(question.counter, question.limit);
    case 'reconcile':
      return core.reconcile(question.lastSigned);
    case 'copyJournal':
      return core.copyJournal(question.path);
  }
}

function tell(message: FromModule, sent: () => void = () => undefined): void {
  // A channel that is closed already has no one behind it: `disconnect` ends this process.
  if (process.connected) process.send?.(message, sent);
}
