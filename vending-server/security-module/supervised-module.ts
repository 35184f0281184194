/**
 * A security module that is started again when it dies, in place: the server goes on and sells again as soon as the new
 * module has opened its journal and everything that the old one made has been accounted for.
 *
 * From the death to the end of that recovery every call is answered `security_module_unavailable`. Nothing is ever asked of
 * a module before `recover` has agreed with it, so that no token can be made on top of one that nobody has named.
 */
import { isStsFault, StsFault } from '../../lib/faults.ts';
import type {
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

export interface Supervision {
  /** Starts a module on the same key store and journal. */
  readonly start: () => Promise<SecurityModule>;
  /** Reconciles and names what was issued and never released; its faults end the supervision. */
  readonly recover: (module: SecurityModule) => Promise<unknown>;
  readonly onDown?: (reason: string) => void;
  readonly onUp?: (attempts: number) => void;
  /** Waits before each attempt, in milliseconds; as many attempts as there are numbers. */
  readonly delaysMillis?: readonly number[];
  /** After more deaths than this within a minute, starting again helps nobody. */
  readonly deathsMax?: number;
}

const DELAYS_MILLIS = [0, 250, 1000, 4000, 15_000, 30_000];
const DEATHS_MAX = 10;
const MINUTE_MILLIS = 60_000;
/** Faults that may pass; with any other one another attempt would fail the same way. */
const PASSING = ['security_module_unavailable', 'store_in_use', 'store_unavailable'];

/** @param first - a module that has been recovered already. */
export function superviseModule(first: SecurityModule, supervision: Supervision): SecurityModule {
  return new SupervisedModule(first, supervision);
}

class SupervisedModule implements SecurityModule {
  readonly #supervision: Supervision;
  readonly #exitListeners: ((reason: string) => void)[] = [];
  /** The module that answers; undefined from a death to the end of the recovery. */
  #current: SecurityModule | undefined;
  /** The one being started. */
  #next: SecurityModule | undefined;
  #deathTimes: number[] = [];
  #ended: string | undefined;
  #closing: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(first: SecurityModule, supervision: Supervision) {
    this.#supervision = supervision;
    this.#take(first);
  }

  identity(): Promise<ModuleIdentity> {
    return this.#ask((module) => module.identity());
  }

  vendingKeys(): Promise<readonly VendingKeyAttributes[]> {
    return this.#ask((module) => module.vendingKeys());
  }

  counters(): Promise<ModuleCounters> {
    return this.#ask((module) => module.counters());
  }

  issue(request: IssueRequest): Promise<IssuedTokens> {
    return this.#ask((module) => module.issue(request));
  }

  verify(request: VerifyRequest): Promise<readonly VerifiedToken[]> {
    return this.#ask((module) => module.verify(request));
  }

  entriesAfter(counter: number, limit: number): Promise<readonly JournalledEntry[]> {
    return this.#ask((module) => module.entriesAfter(counter, limit));
  }

  reconcile(lastSigned: ChainEntry): Promise<ModuleIdentity> {
    return this.#ask((module) => module.reconcile(lastSigned));
  }

  copyJournal(path: string): Promise<void> {
    return this.#ask((module) => module.copyJournal(path));
  }

  /** Called when the module is not started again any more. */
  onExit(listener: (reason: string) => void): void {
    this.#exitListeners.push(listener);
    if (this.#ended !== undefined) listener(this.#ended);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#wake?.();
    await this.#next?.close();
    await this.#restarting;
    await this.#current?.close();
  }

  #ask<Answer>(ask: (module: SecurityModule) => Promise<Answer>): Promise<Answer> {
    if (this.#current !== undefined) return ask(this.#current);
    const detail = this.#ended ?? 'it is being started again';
    return Promise.reject(new StsFault('security_module_unavailable', detail));
  }

  #take(module: SecurityModule): void {
    this.#current = module;
    module.onExit((reason) => {
      if (this.#current !== module) return;
      this.#current = undefined;
      if (this.#closing !== undefined) return;
      this.#supervision.onDown?.(reason);
      this.#restarting = this.#restart(reason);
    });
  }

  async #restart(reason: string): Promise<void> {
    const now = performance.now();
    this.#deathTimes = [...this.#deathTimes.filter((time) => now - time < MINUTE_MILLIS), now];
    if (this.#deathTimes.length > (this.#supervision.deathsMax ?? DEATHS_MAX)) {
      this.#end(`${reason}; it died ${this.#deathTimes.length} times within a minute`);
      return;
    }
    const delays = this.#supervision.delaysMillis ?? DELAYS_MILLIS;
    let last = reason;
    for (const [index, millis] of delays.entries()) {
      await this.#wait(millis);
      if (this.#closing !== undefined) return;
      try {
        const module = await this.#startRecovered();
        if (this.#closing !== undefined) {
          await module.close();
          return;
        }
        this.#take(module);
        // Said before it is asked for anything: a death between these two lines is heard by the listener just set.
        if (this.#current === module) this.#supervision.onUp?.(index + 1);
        return;
      } catch (error) {
        last = isStsFault(error) ? error.message : 'it could not be started';
        if (!isStsFault(error) || !PASSING.includes(error.code)) break;
      }
    }
    this.#end(last);
  }

  /** A module that agrees with the ledger; one that does not is closed again. */
  async #startRecovered(): Promise<SecurityModule> {
    const module = await this.#supervision.start();
    this.#next = module;
    try {
      await this.#supervision.recover(module);
      return module;
    } catch (error) {
      await module.close();
      throw error;
    } finally {
      this.#next = undefined;
    }
  }

  #wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(reason: string): void {
    if (this.#closing !== undefined) return;
    this.#ended = reason;
    for (const listener of this.#exitListeners) listener(reason);
  }
}
