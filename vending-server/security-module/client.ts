/**
 * The server's side of the security module: starts it as a process of its own and speaks to it in batches, so that many
 * sales share one signature and one commit. The module takes them one after the other and seals each before the next.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { invariant } from '../../lib/assert.ts';
import { StsFault } from '../../lib/faults.ts';
import type {
  BatchReport,
  ChainEntry,
  IssuedTokens,
  IssueRequest,
  JournalledEntry,
  ModuleCounters,
  ModuleIdentity,
  SecurityModule,
  VendingKeyAttributes,
  VerifiedToken,
  VerifyRequest,
} from './contract.ts';
import { type FromModule, faultFromWire, type Question, type ToModule, type WireResult } from './protocol.ts';

export interface SecurityModuleOptions {
  readonly keyStorePath: string;
  /** The module's own journal, made when there is none. */
  readonly journalPath: string;
  /** Read by the module's process, not by this one. Without file and descriptor the module asks on the terminal. */
  readonly passphraseFile?: string;
  /** An open descriptor of this process that the module's process inherits and reads the passphrase from. */
  readonly passphraseFd?: number;
  /** How far a TID may be from the module's own clock, to both sides, in minutes; a day when left out. */
  readonly tidWindowMinutes?: number;
  /** The program of the process; another one in tests. */
  readonly program?: URL;
  /** Told of every batch that is durable in the module's journal. */
  readonly onBatch?: (report: BatchReport) => void;
  /** Called with the process id of the module, for supervisors and tests. */
  readonly onStarted?: (pid: number) => void;
}

/** Open questions C6 and D3: as far as one meter's TIDs may run ahead of the clock. */
const DEFAULT_TID_WINDOW_MINUTES = 1440;

const BATCH_MAX = 512;
/** Requests that are sent without waiting for more. */
const BATCH_ENOUGH = 16;
/** Batches that are sent and not sealed; what is asked for beyond them gathers. */
const IN_FLIGHT_MAX = 4;
const REPLY_TIMEOUT_MILLIS = 10_000;
/** Opening takes 0.2 s; somebody at a terminal may type for as long as he likes. */
const START_TIMEOUT_MILLIS = 60_000;
/** A journal of 10 million tokens is some 4 GB, copied in the pauses between batches. */
const COPY_TIMEOUT_MILLIS = 30 * 60_000;
const STOP_TIMEOUT_MILLIS = 5_000;
/** Where the module finds an inherited descriptor: behind the three standard ones and the IPC channel. */
const INHERITED_FD = 4;

/**
 * Starts the module and waits until its key store and journal are open.
 * @throws StsFault the refusals of key store and journal, `file_unreadable`, `key_store_passphrase_missing`,
 *   `security_module_unavailable` when the process ends or says nothing.
 */
export async function startSecurityModule(options: SecurityModuleOptions): Promise<SecurityModule> {
  const child = forkModule(options);
  if (child.pid !== undefined) options.onStarted?.(child.pid);
  await ready(child, options.passphraseFile === undefined);
  return new SecurityModuleClient(child, options.onBatch);
}

function forkModule(options: SecurityModuleOptions): ChildProcess {
  const { keyStorePath, journalPath, passphraseFile, passphraseFd } = options;
  const program = options.program ?? neighbour('process');
  const asks = passphraseFile === undefined && passphraseFd === undefined;
  const window = String(options.tidWindowMinutes ?? DEFAULT_TID_WINDOW_MINUTES);
  const parameters = ['--key-store', keyStorePath, '--journal', journalPath, '--tid-window', window];
  if (passphraseFile !== undefined) parameters.push('--passphrase-file', passphraseFile);
  else if (passphraseFd !== undefined) parameters.push('--passphrase-fd', String(INHERITED_FD));
  const { NODE_OPTIONS: _dropped, ...env } = process.env;
  return fork(fileURLToPath(program), parameters, {
    execArgv: flagsOf(program),
    env,
    stdio: [asks ? 'inherit' : 'ignore', 'ignore', 'inherit', 'ipc', passphraseFd ?? 'ignore'],
  });
}

/**
 * Nobody looks into this process: no inspector, no heap dumps, no program loaded beside it, whatever the server itself was
 * started with. A program in TypeScript needs the loader under which this one runs.
 */
function flagsOf(program: URL): string[] {
  if (!program.pathname.endsWith('.ts')) return [];
  return process.execArgv.filter((flag) => !/^--(inspect|heap|report|debug|cpu-prof)/.test(flag));
}

/** Under tsx this file is .ts and so is its neighbour; in the shipped package both are .js. */
function neighbour(name: string): URL {
  return new URL(`./${name}${import.meta.url.slice(-3)}`, import.meta.url);
}

/** Resolves with the first word of the module when it is `ready`. */
function ready(child: ChildProcess, interactive: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = interactive
      ? undefined
      : setTimeout(() => end(unavailable('it does not start')), START_TIMEOUT_MILLIS);
    const end = (fault?: StsFault): void => {
      clearTimeout(timer);
      for (const event of ['error', 'exit', 'message']) child.removeAllListeners(event);
      if (fault === undefined) {
        resolve();
        return;
      }
      child.on('error', () => undefined);
      child.kill('SIGKILL');
      reject(fault);
    };
    child.once('error', () => end(unavailable('its process cannot be started')));
    child.once('exit', () => end(unavailable('its process ended at the start')));
    child.once('message', (message: FromModule) => {
      if (message.kind === 'ready') end();
      else
        end(
          message.kind === 'failed' ? faultFromWire(message.fault) : unavailable('its first word is wrong'),
        );
    });
  });
}

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (fault: StsFault) => void;
}

interface Waiting {
  readonly request: IssueRequest;
  readonly issued: Deferred<IssuedTokens>;
}

interface Batch {
  readonly number: number;
  readonly waiting: readonly Waiting[];
  readonly sealed: Deferred<void>;
  readonly timer: NodeJS.Timeout;
  readonly startedAt: number;
}

class SecurityModuleClient implements SecurityModule {
  readonly #child: ChildProcess;
  readonly #onBatch: ((report: BatchReport) => void) | undefined;
  readonly #exitListeners: ((reason: string) => void)[] = [];
  readonly #questions = new Map<number, Deferred<unknown> & { timer: NodeJS.Timeout }>();
  #queue: Waiting[] = [];
  /** Sent and not sealed yet, in the order in which the module takes them. */
  readonly #inFlight: Batch[] = [];
  #gathering = false;
  #number = 0;
  /** Set once the module takes nothing any more. */
  #gone: StsFault | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(child: ChildProcess, onBatch: ((report: BatchReport) => void) | undefined) {
    this.#child = child;
    this.#onBatch = onBatch;
    child.on('message', (message: FromModule) => this.#receive(message));
    child.on('error', () => this.#die('its process cannot be reached'));
    child.on('disconnect', () => this.#die('its channel closed'));
    child.on('exit', (code, signal) => this.#die(`its process ended (${signal ?? `code ${code}`})`));
  }

  identity(): Promise<ModuleIdentity> {
    return this.#ask({ ask: 'identity' }) as Promise<ModuleIdentity>;
  }

  vendingKeys(): Promise<readonly VendingKeyAttributes[]> {
    return this.#ask({ ask: 'vendingKeys' }) as Promise<readonly VendingKeyAttributes[]>;
  }

  entriesAfter(counter: number, limit: number): Promise<readonly JournalledEntry[]> {
    return this.#ask({ ask: 'entriesAfter', counter, limit }) as Promise<readonly JournalledEntry[]>;
  }

  reconcile(lastSigned: ChainEntry): Promise<ModuleIdentity> {
    return this.#ask({ ask: 'reconcile', lastSigned }) as Promise<ModuleIdentity>;
  }

  copyJournal(path: string): Promise<void> {
    return this.#ask({ ask: 'copyJournal', path }, COPY_TIMEOUT_MILLIS) as Promise<void>;
  }

  counters(): Promise<ModuleCounters> {
    return this.#ask({ ask: 'counters' }) as Promise<ModuleCounters>;
  }

  verify(request: VerifyRequest): Promise<readonly VerifiedToken[]> {
    return this.#ask({ ask: 'verify', request }) as Promise<readonly VerifiedToken[]>;
  }

  issue(request: IssueRequest): Promise<IssuedTokens> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#closing !== undefined) return Promise.reject(unavailable('it is being closed'));
    const issued = defer<IssuedTokens>();
    this.#queue.push({ request, issued });
    this.#gather();
    return issued.promise;
  }

  onExit(listener: (reason: string) => void): void {
    this.#exitListeners.push(listener);
    if (this.#gone !== undefined && this.#closing === undefined) listener(this.#gone.message);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#inFlight.length > 0 || this.#queue.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MILLIS);
      this.#child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      if (this.#child.connected) this.#child.disconnect();
    });
  }

  /**
   * Sends as soon as enough is asked for to be worth a signature and a flush, and what is less at the end of this turn of the
   * event loop. A turn in which 64 sales are reckoned is long: told of them only at its end, the module would have nothing to
   * do while it lasts, and this thread nothing while they are made.
   */
  #gather(): void {
    if (this.#queue.length >= BATCH_ENOUGH) {
      this.#sendBatch();
      return;
    }
    if (this.#gathering) return;
    this.#gathering = true;
    setImmediate(() => {
      this.#gathering = false;
      this.#sendBatch();
    });
  }

  #sendBatch(): void {
    if (this.#gone !== undefined || this.#inFlight.length === IN_FLIGHT_MAX) return;
    const waiting = this.#queue.splice(0, BATCH_MAX);
    if (waiting.length === 0) {
      if (this.#inFlight.length === 0) this.#idle?.();
      return;
    }
    this.#number += 1;
    const timer = setTimeout(() => this.#giveUp('it does not answer'), REPLY_TIMEOUT_MILLIS);
    this.#inFlight.push({
      number: this.#number,
      waiting,
      sealed: defer<void>(),
      timer,
      startedAt: performance.now(),
    });
    this.#send({ kind: 'issue', batch: this.#number, requests: waiting.map(({ request }) => request) });
  }

  #ask(question: Question, timeoutMillis = REPLY_TIMEOUT_MILLIS): Promise<unknown> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#closing !== undefined) return Promise.reject(unavailable('it is being closed'));
    this.#number += 1;
    const timer = setTimeout(() => this.#giveUp('it does not answer'), timeoutMillis);
    const answer = { ...defer<unknown>(), timer };
    this.#questions.set(this.#number, answer);
    this.#send({ kind: 'ask', id: this.#number, question });
    return answer.promise;
  }

  #send(message: ToModule): void {
    this.#child.send(message, (error) => {
      if (error !== null) this.#die('its channel is broken');
    });
  }

  #receive(message: FromModule): void {
    // What a module said before it was given up may arrive after; nobody waits for it any more.
    if (this.#gone !== undefined) return;
    switch (message.kind) {
      case 'issued':
        this.#issued(message.batch, message.results);
        return;
      case 'sealed':
        this.#sealed(message);
        return;
      case 'answer':
        this.#takeQuestion(message.id)?.resolve(message.value);
        return;
      case 'refusal':
        this.#takeQuestion(message.id)?.reject(faultFromWire(message.fault));
        return;
      case 'ready':
      case 'failed':
        return;
    }
  }

  #issued(number: number, results: readonly WireResult[]): void {
    const [batch] = this.#inFlight;
    if (batch?.number !== number || batch.waiting.length !== results.length) {
      this.#giveUp('it answers what was not asked');
      return;
    }
    for (const [index, { issued }] of batch.waiting.entries()) {
      const result = results[index];
      if (result !== undefined && 'issued' in result) {
        const { tokens } = result.issued;
        issued.resolve({ tokens, isProvable: batch.waiting.length === 1, sealed: batch.sealed.promise });
      } else {
        issued.reject(
          result === undefined ? unavailable('a result is missing') : faultFromWire(result.fault),
        );
      }
    }
  }

  #sealed(message: Extract<FromModule, { kind: 'sealed' }>): void {
    const [batch, next] = this.#inFlight;
    if (batch?.number !== message.batch) {
      this.#giveUp('it seals what is not in hand');
      return;
    }
    clearTimeout(batch.timer);
    this.#inFlight.shift();
    next?.timer.refresh();
    this.#onBatch?.({
      requests: batch.waiting.length,
      waiting: this.#queue.length,
      seconds: (performance.now() - batch.startedAt) / 1000,
    });
    if (message.fault === undefined) batch.sealed.resolve();
    else batch.sealed.reject(faultFromWire(message.fault));
    this.#sendBatch();
  }

  #takeQuestion(id: number): Deferred<unknown> | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    clearTimeout(question?.timer);
    return question;
  }

  /** Nobody can tell what a module that hangs has done: it is ended, and its journal tells at the next start. */
  #giveUp(reason: string): void {
    this.#child.kill('SIGKILL');
    this.#die(reason);
  }

  #die(reason: string): void {
    if (this.#gone !== undefined) return;
    const fault = unavailable(reason);
    this.#gone = fault;
    for (const id of [...this.#questions.keys()]) this.#takeQuestion(id)?.reject(fault);
    for (const batch of this.#inFlight.splice(0)) {
      clearTimeout(batch.timer);
      for (const { issued } of batch.waiting) issued.reject(fault); // no effect on those resolved already
      batch.sealed.reject(fault);
    }
    for (const { issued } of this.#queue.splice(0)) issued.reject(fault);
    this.#idle?.();
    if (this.#closing === undefined) for (const listener of this.#exitListeners) listener(reason);
  }
}

function defer<Value>(): Deferred<Value> {
  let settle: Pick<Deferred<Value>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever awaits it hears of a rejection; nobody awaiting must not end the server.
  promise.catch(() => undefined);
  invariant(settle !== undefined, 'a promise runs its executor at once');
  return { promise, resolve: settle.resolve, reject: settle.reject };
}

function unavailable(detail: string): StsFault {
  return new StsFault('security_module_unavailable', detail);
}
