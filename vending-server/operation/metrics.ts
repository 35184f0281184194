/**
 * What a running server counts and measures, for Prometheus. Names are API: dashboards and alarms are built on them, so the
 * table in `vending-server/operation/README.md` is held to this file by a test. No label holds a meter, a vendor, a key or a
 * token: labels are routes of the table, methods, statuses and fault codes, all of them few.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BatchReport } from '../security-module/contract.ts';
import type { Store, VendClaim } from '../store/contract.ts';
import type { CommitReport } from '../store/operation-contract.ts';
import type { Vending } from '../vending/context.ts';
import type { ClockGuard } from './clock-guard.ts';
import { freeBytes } from './readiness.ts';

/** One answered request, as the door saw it. */
export interface Answered {
  /** Path of the route table, or `unknown`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  /** Fault code; undefined for an answer. */
  readonly code: string | undefined;
  readonly isReplay: boolean;
  readonly seconds: number;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const SALES = '/v1/sales';

function histogram(registry: Registry, name: string, help: string, buckets: number[], labels: string[] = []) {
  return new Histogram({ name, help, buckets, labelNames: labels, registers: [registry] });
}

export class Metrics {
  readonly registry = new Registry();
  readonly #sales: Counter;
  readonly #requests: Counter;
  readonly #seconds: Histogram;
  readonly #batch: Histogram;
  readonly #batchSeconds: Histogram;
  readonly #queue: Gauge;
  readonly #commit: Histogram;
  readonly #commitSeconds: Histogram;
  readonly #claims: Counter;
  readonly #openClaims: Gauge;

  constructor() {
    const { registry } = this;
    const registers = [registry];
    collectDefaultMetrics({ register: registry }); // event loop lag, memory, descriptors, garbage collection
    this.#sales = new Counter({
      name: 'wattoken_sales_total',
      help: 'Sale requests by what became of them: sold, replayed, or the code of the refusal',
      labelNames: ['outcome'],
      registers,
    });
    this.#requests = new Counter({
      name: 'wattoken_http_requests_total',
      help: 'Answered requests',
      labelNames: ['route', 'method', 'status', 'code'],
      registers,
    });
    this.#seconds = histogram(
      registry,
      'wattoken_http_request_seconds',
      'From the first byte of a request to the last of its answer',
      SECONDS,
      ['route', 'method'],
    );
    this.#batch = histogram(
      registry,
      'wattoken_module_batch_tokens',
      'Tokens asked of the security module in one batch',
      SIZES,
    );
    this.#batchSeconds = histogram(
      registry,
      'wattoken_module_batch_seconds',
      'From asking for a batch to its journal being durable',
      SECONDS,
    );
    this.#queue = new Gauge({
      name: 'wattoken_module_queue',
      help: 'Requests that waited behind the last batch of the security module',
      registers,
    });
    this.#commit = histogram(
      registry,
      'wattoken_store_commit_writes',
      'Writes that shared one durable commit',
      SIZES,
    );
    this.#commitSeconds = histogram(registry, 'wattoken_store_commit_seconds', 'One durable commit', SECONDS);
    this.#claims = new Counter({
      name: 'wattoken_claims_total',
      help: 'Claims of float, request id and token identifier, by result',
      labelNames: ['result'],
      registers,
    });
    this.#openClaims = new Gauge({
      name: 'wattoken_claims_open',
      help: 'Claims on a float that are neither recorded nor given back',
      registers,
    });
  }

  answered({ route, method, status, code, isReplay, seconds }: Answered): void {
    this.#requests.inc({ route, method, status, code: code ?? 'none' });
    this.#seconds.observe({ route, method }, seconds);
    if (route === SALES && method === 'POST') {
      this.#sales.inc({ outcome: code ?? (isReplay ? 'replayed' : 'sold') });
    }
  }

  batch({ requests, waiting, seconds }: BatchReport): void {
    this.#batch.observe(requests);
    this.#batchSeconds.observe(seconds);
    this.#queue.set(waiting);
  }

  commit({ writes, seconds }: CommitReport): void {
    this.#commit.observe(writes);
    this.#commitSeconds.observe(seconds);
  }

  /** The same store, with its claims counted. */
  watch(store: Store): Store {
    const open = new Set<number>();
    const ended = ({ claimId }: VendClaim) => {
      open.delete(claimId);
      this.#openClaims.set(open.size);
    };
    const claimVend: Store['claimVend'] = async (request, view) => {
      const result = await store.claimVend(request, view);
      this.#claims.inc({ result: result.kind });
      if (result.kind === 'claimed') open.add(result.claim.claimId);
      this.#openClaims.set(open.size);
      return result;
    };
    const recordVend: Store['recordVend'] = async (claim, record) => {
      const sale = await store.recordVend(claim, record);
      ended(claim);
      return sale;
    };
    const releaseClaim: Store['releaseClaim'] = (claim) => {
      store.releaseClaim(claim);
      ended(claim);
    };
    const changeMeter: Store['keys']['changeMeter'] = async (claim, change) => {
      await store.keys.changeMeter(claim, change);
      ended(claim);
    };
    const keys = overlay(store.keys, { changeMeter });
    return overlay(store, { claimVend, recordVend, releaseClaim, keys });
  }

  /** Values that are looked up when somebody scrapes. */
  gauges(parts: {
    readonly vending: Pick<Vending, 'store' | 'securityModule' | 'unreleased'>;
    readonly clock: ClockGuard;
    readonly dataFolder: string;
    readonly unreleasedAtStart: number;
    readonly isReady: () => Promise<boolean>;
  }): void {
    const { vending, clock, dataFolder } = parts;
    const { store, securityModule, unreleased } = vending;
    const gauge = (name: string, help: string, look: () => number | Promise<number>) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        async collect() {
          // A part that does not answer must not take the other figures with it.
          this.set(await Promise.resolve(look()).catch(() => Number.NaN));
        },
      });
    const identity = () => securityModule.identity();
    gauge('wattoken_ready', '1 when /ready would answer 200', async () => ((await parts.isReady()) ? 1 : 0));
    gauge(
      'wattoken_module_counter',
      'Tokens that the security module ever made',
      async () => (await identity()).counter,
    );
    gauge('wattoken_ledger_counter', 'Highest counter that the ledger holds', async () => {
      const { moduleId } = await identity();
      return (await store.lastEntry(moduleId))?.counter ?? 0;
    });
    gauge(
      'wattoken_unreleased_waiting',
      'Tokens made, not sold, and not yet named in the ledger',
      () => unreleased.size,
    );
    gauge(
      'wattoken_unreleased_at_start',
      'Tokens that the last start named unreleased',
      () => parts.unreleasedAtStart,
    );
    gauge(
      'wattoken_clock_behind_seconds',
      'How far the clock stands behind the highest moment seen',
      () => clock.state().behindMillis / 1000,
    );
    gauge('wattoken_disk_free_bytes', 'Room on the disk of the data folder', () => freeBytes(dataFolder));
  }
}

/** The object with some methods replaced; all others, those of a class with private fields too, are its own. */
function overlay<Target extends object>(target: Target, over: Partial<Target>): Target {
  const bound = new Map<PropertyKey, unknown>(Object.entries(over));
  return new Proxy(target, {
    get(from, name) {
      if (bound.has(name)) return bound.get(name);
      const value: unknown = Reflect.get(from, name, from);
      if (typeof value !== 'function') return value;
      const method: unknown = value.bind(from);
      bound.set(name, method);
      return method;
    },
  });
}
