/**
 * Claims on PostgreSQL: rows that any server sees, each under the lease of the server that made it. In memory stands only
 * what this process alone can know: which of its claims somebody here still works on, and who waits for their end.
 *
 * A claim of a server that is not heard of for a lease may be ended by any other. That is safe without the dead server's
 * journal: its TIDs are durably used, and a record needs the claim's row, so that a server that was only slow cannot sell
 * any more what another one sells now; its token is then named as never released, like one found in a journal.
 */
import { randomUUID } from 'node:crypto';
import type { ClaimCount, ClaimVendResult, VendClaim, VendClaimRequest } from '../contract.ts';
import { saleOf } from '../rows.ts';
import { type PostgresConnections, pause, type Row } from './connections.ts';
import { isConnectionError, isHeldUp, postgresFault } from './faults.ts';
import { BUSY, Lane, type Outcome, type Patience, SHORT_MILLIS, VendorLanes, VendorTurns } from './lane.ts';

interface LiveClaim {
  readonly claim: VendClaim;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  recording: boolean;
}

type Job =
  | { readonly kind: 'claim'; readonly request: VendClaimRequest }
  | { readonly kind: 'release'; readonly claim: VendClaim };

type Busy = typeof BUSY;

/** Waiters look for the end of another server's claim first after this, then more and more seldom. */
const POLL_MILLIS = 5;
const POLL_MOST_MILLIS = 100;
/** As `claim_vends_3` takes it. */
const PATIENCE_MILLIS: Readonly<Record<Patience, number | null>> = {
  none: null,
  short: SHORT_MILLIS,
  long: 0,
};
/** No request id of a caller ends so. */
const BESIDES = '@besides';
/** How many times a lease is renewed while it lasts. */
const BEATS_PER_LEASE = 4;

export class PostgresClaims {
  readonly serverId = randomUUID();
  readonly #connections: PostgresConnections;
  readonly #knownSteps: number;
  readonly #leaseMillis: number;
  readonly #live = new Map<number, LiveClaim>();
  /** Of claims and of sales. */
  readonly turns = new VendorTurns();
  readonly #lanes = new VendorLanes<Job, ClaimVendResult | undefined>(
    (jobs, patience) => this.#run(jobs, patience),
    {
      turns: this.turns,
      vendorOf: (job) => (job.kind === 'claim' ? job.request : job.claim.request).vendorId,
    },
  );
  /**
   * Claims are committed without waiting for the disk, so that no vendor's row is locked meanwhile; one wait afterwards is
   * shared by all that were made until then.
   */
  readonly #flushes = new Lane<void, void>(async (waiting) => {
    await this.#connections.query('flush');
    return waiting.map(() => ({ value: undefined }));
  });
  /** Claims by vendor and request id of which nobody knows whether they were made: the connection was lost. */
  readonly #orphans = new Map<string, Set<string>>();
  /** Of change-outs: the claim of the old meter. */
  readonly #besides = new WeakMap<VendClaim, VendClaim>();
  readonly #waiters = new Map<number, { readonly promise: Promise<void>; readonly resolve: () => void }>();
  #polling = false;
  #moduleId: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(connections: PostgresConnections, options: { knownSteps: number; leaseMillis: number }) {
    this.#connections = connections;
    this.#knownSteps = options.knownSteps;
    this.#leaseMillis = options.leaseMillis;
  }

  /** Puts the server on the list, and renews its lease from now on. */
  async start(): Promise<void> {
    await this.#renew();
    this.#scheduleBeat();
  }

  #scheduleBeat(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      // A beat that fails is made up for by the next one; until then the lease runs on.
      void this.#beat()
        .catch(() => undefined)
        .finally(() => this.#scheduleBeat());
    }, this.#leaseMillis / BEATS_PER_LEASE).unref();
  }

  /** A claim is durable when it is given: no token may be made on one that a crash of the database would forget. */
  async claim(request: VendClaimRequest): Promise<ClaimVendResult> {
    const result = (await this.#lanes.add(request.vendorId, { kind: 'claim', request })) as ClaimVendResult;
    if (result.kind !== 'claimed') return result;
    try {
      await this.#flushes.add();
      return result;
    } catch (error) {
      this.#addOrphans([request]);
      this.ended(result.claim);
      throw error;
    }
  }

  /**
   * With the claim of another meter besides. The lower number comes first, so that of two who want the same two meters one is
   * granted both; and it is given back when the other one is not: nobody waits for a meter while he holds one.
   */
  async claimWith(request: VendClaimRequest): Promise<ClaimVendResult> {
    const { besides } = request;
    if (besides === undefined) return this.claim(request);
    const { counted: _once, ...rest } = request;
    const other = {
      ...rest,
      ...besides,
      requestId: `${request.requestId}${BESIDES}`,
      paidMinor: 0,
      tidCount: 0,
    };
    const isOtherFirst = besides.meterPan < request.meterPan;
    const [first, second] = isOtherFirst ? [other, request] : [request, other];
    const held = await this.claim(first);
    if (held.kind !== 'claimed') return held;
    let result: ClaimVendResult;
    try {
      result = await this.claim(second);
    } catch (error) {
      this.release(held.claim);
      throw error;
    }
    if (result.kind !== 'claimed') {
      this.release(held.claim);
      return result;
    }
    const [own, others] = isOtherFirst ? [result.claim, held.claim] : [held.claim, result.claim];
    this.#besides.set(own, others);
    return { kind: 'claimed', claim: own };
  }

  besides(claim: VendClaim): VendClaim | undefined {
    return this.#besides.get(claim);
  }

  /** Ends a claim that came to nothing, as soon as the database answers; one in use or ended already is left alone. */
  release(claim: VendClaim): void {
    const live = this.#live.get(claim.claimId);
    if (live === undefined || live.recording) return;
    live.recording = true; // nothing may be recorded on it any more
    this.#lanes.addAlone(claim.request.vendorId, { kind: 'release', claim }).catch(() => {
      // Whoever waits for it looks again; the claim is ended when the database is back.
      this.#addOrphans([claim.request]);
      this.ended(claim);
    });
  }

  /** @throws RangeError when the claim is not live or is in use already. */
  startRecording(claim: VendClaim): void {
    const live = this.#live.get(claim.claimId);
    if (live === undefined || live.recording) {
      throw new RangeError(
        `"claim" expected a live claim, got ${live === undefined ? 'an ended one' : 'one in use'}`,
      );
    }
    live.recording = true;
  }

  stopRecording(claim: VendClaim): void {
    const live = this.#live.get(claim.claimId);
    if (live !== undefined) live.recording = false;
  }

  /** The claim's row is gone: its sale is durable, or another server has taken it away. */
  ended(claim: VendClaim): void {
    this.#live.get(claim.claimId)?.settle();
    this.#live.delete(claim.claimId);
  }

  /** This server sells with this module from now on; whoever did before it has ended, and what it had claimed is free. */
  async bind(moduleId: string): Promise<void> {
    this.#moduleId = moduleId;
    await this.#renew();
    await this.#connections.query('removeEarlierServers', [moduleId, this.serverId]);
    await this.#endDeadClaims();
  }

  /** Gives back what is still claimed and takes the server off the list. Waiters look again, and find the store closed. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    try {
      await this.#releaseAll(await this.#connections.query('ownClaims', [this.serverId, [], 0]));
      await this.#connections.query('removeServer', [this.serverId]);
    } catch {
      // The database is gone: the lease ends by itself.
    }
    for (const { settle } of this.#live.values()) settle();
    for (const { resolve } of this.#waiters.values()) resolve();
    this.#live.clear();
    this.#waiters.clear();
  }

  async #run(
    jobs: readonly Job[],
    patience: Patience,
  ): Promise<readonly Outcome<ClaimVendResult | Busy | undefined>[]> {
    const released = jobs.filter((job) => job.kind === 'release').map(({ claim }) => claim);
    const requests = jobs.filter((job) => job.kind === 'claim').map(({ request }) => request);
    for (const vendorId of new Set(requests.map((request) => request.vendorId)))
      await this.#endOrphans(vendorId);
    const [first] = released; // all of one vendor: claims are released in its own lane
    if (first !== undefined) {
      const ids = released.map(({ claimId }) => claimId);
      await this.#connections.query('releaseClaims', [first.request.vendorId, ids]);
      for (const claim of released) this.ended(claim);
    }
    const results = requests.length === 0 ? [] : await this.#claim(requests, patience);
    let next = 0;
    return jobs.map((job) => {
      if (job.kind === 'release') return { value: undefined };
      const outcome = results[next] ?? { error: new Error('a claim was not answered') };
      next += 1;
      return outcome;
    });
  }

  async #claim(
    requests: readonly VendClaimRequest[],
    patience: Patience,
  ): Promise<readonly Outcome<ClaimVendResult | Busy>[]> {
    const wanted = JSON.stringify(requests.map(rowOf));
    let rows: readonly Row[];
    try {
      rows = await this.#connections.attempt('claimVends', [
        this.serverId,
        PATIENCE_MILLIS[patience],
        wanted,
      ]);
    } catch (error) {
      if (isConnectionError(error)) this.#addOrphans(requests);
      if (patience === 'short' && isHeldUp(error)) return requests.map(() => ({ value: BUSY }));
      throw postgresFault(error);
    }
    const results: Outcome<ClaimVendResult | Busy>[] = [];
    // What was granted first, so that a refusal in the same statement can name a claim that stands beside it.
    rows = [...rows].sort((a, b) => Number(b.kind === 'claimed') - Number(a.kind === 'claimed'));
    for (const row of rows) {
      const request = requests[row.place];
      if (request === undefined) continue;
      try {
        results[row.place] = { value: this.#answer(request, row) };
      } catch (error) {
        results[row.place] = { error };
      }
    }
    return results;
  }

  #open(request: VendClaimRequest, row: Row): ClaimVendResult {
    const claim: VendClaim = { claimId: row.claim_id, request, tidMinutes: row.tid_minutes };
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    this.#live.set(claim.claimId, { claim, settled, settle, recording: false });
    return { kind: 'claimed', claim };
  }

  #answer(request: VendClaimRequest, row: Row): ClaimVendResult | Busy {
    switch (row.kind) {
      case 'claimed':
        return this.#open(request, row);
      case 'busy':
        return BUSY;
      case 'exists':
        if (row.request_hash !== request.requestHash) return { kind: 'exists_with_different_request' };
        return {
          kind: 'exists',
          sale: saleOf({ ...row, vendor_id: request.vendorId, request_id: request.requestId }),
        };
      case 'in_progress':
        return { kind: 'in_progress', settled: this.settled(row.claim_id) };
      case 'limit_reached':
        return reachedOf(request, row);
      case 'float_exhausted':
        return { kind: 'float_exhausted', availableMinor: row.available_minor };
      default:
        return { kind: row.kind };
    }
  }

  /** Resolves when a claim ends, on whatever server; null for one whose number nobody knows: look again soon. */
  settled(claimId: number | null): Promise<void> {
    if (claimId === null) return pause(POLL_MILLIS);
    const live = this.#live.get(claimId);
    if (live !== undefined) return live.settled;
    let waiter = this.#waiters.get(claimId);
    if (waiter === undefined) {
      let resolve: () => void = () => undefined;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      waiter = { promise, resolve };
      this.#waiters.set(claimId, waiter);
      if (!this.#polling) void this.#poll();
    }
    return waiter.promise;
  }

  /** NOTIFY would tell at once, and takes one lock at each commit that all vendors of a database share. */
  async #poll(): Promise<void> {
    this.#polling = true;
    let wait = POLL_MILLIS;
    while (this.#waiters.size > 0 && !this.#closed) {
      await pause(wait);
      wait = Math.min(wait * 1.5, POLL_MOST_MILLIS);
      const asked = [...this.#waiters.keys()];
      const rows = await this.#connections.query('liveAmong', [asked]).catch(() => undefined);
      if (rows === undefined) continue;
      const live = new Set(rows.map((row) => row.claim_id));
      for (const claimId of asked) {
        if (live.has(claimId)) continue;
        this.#waiters.get(claimId)?.resolve();
        this.#waiters.delete(claimId);
        wait = POLL_MILLIS;
      }
    }
    this.#polling = false;
  }

  #addOrphans(requests: readonly VendClaimRequest[]): void {
    for (const { vendorId, requestId } of requests) {
      const ids = this.#orphans.get(vendorId) ?? new Set<string>();
      this.#orphans.set(vendorId, ids.add(requestId));
    }
  }

  /** Before the vendor's next claims, or at the next beat: what nobody here works on must not hold money and meters. */
  async #endOrphans(vendorId: string): Promise<void> {
    const ids = this.#orphans.get(vendorId);
    if (ids === undefined) return;
    const values = [this.serverId, vendorId, [...ids], [...this.#live.keys()]];
    const rows = await this.#connections.query('orphanedClaims', values);
    if (rows.length > 0) {
      await this.#connections.query('releaseClaims', [vendorId, rows.map((row) => row.claim_id)]);
    }
    if (this.#orphans.get(vendorId) === ids) this.#orphans.delete(vendorId);
  }

  async #beat(): Promise<void> {
    await this.#renew();
    for (const vendorId of [...this.#orphans.keys()]) await this.#endOrphans(vendorId);
    // A statement whose connection was lost may still have made its claim afterwards.
    const live = [...this.#live.keys()];
    await this.#releaseAll(
      await this.#connections.query('ownClaims', [this.serverId, live, this.#leaseMillis]),
    );
    await this.#endDeadClaims();
    if (this.#moduleId === null) return;
    const [row] = await this.#connections.query('counterWithoutGap', [this.#moduleId]);
    await this.#connections.query('keepGaplessCounter', [this.#moduleId, row.counter]);
  }

  async #renew(): Promise<void> {
    const values = [this.serverId, this.#moduleId, this.#knownSteps, this.#leaseMillis];
    await this.#connections.query('putServer', values);
  }

  async #endDeadClaims(): Promise<void> {
    await this.#releaseAll(await this.#connections.query('deadClaims'));
  }

  async #releaseAll(rows: readonly Row[]): Promise<void> {
    for (const { vendor_id, claims } of rows) {
      await this.#connections.query('releaseClaims', [vendor_id, claims]);
    }
  }
}

function rowOf(request: VendClaimRequest, place: number) {
  return {
    place,
    vendor_id: request.vendorId,
    request_id: request.requestId,
    meter_pan: request.meterPan,
    paid_minor: request.paidMinor,
    purchases_version: request.purchasesVersion,
    tid_count: request.tidCount,
    base_date: request.baseDate,
    now_tid_minutes: request.nowTidMinutes,
    max_tid_minutes: request.maxTidMinutes,
    ...countedRow(request.counted),
  };
}

function countedRow(counted: ClaimCount | undefined) {
  if (counted === undefined) return {};
  const { day, operatorId, amountDeciKwh, limits } = counted;
  const rows = limits.map(({ scope, salesMax, paidMinorMax, amountDeciKwhMax }, place) => ({
    place,
    scope,
    sales: salesMax,
    minor: paidMinorMax,
    deci_kwh: amountDeciKwhMax,
  }));
  return {
    day,
    operator_id: operatorId,
    amount_deci_kwh: amountDeciKwh,
    ...(rows.length === 0 ? {} : { limits: rows }),
  };
}

function reachedOf({ vendorId, counted }: VendClaimRequest, row: Row): ClaimVendResult {
  const limit = counted?.limits[row.limit_place];
  if (counted === undefined || limit === undefined)
    throw new Error('a limit was reached that nobody has set');
  const { ruleId, scope } = limit;
  const subject = scope === 'vendor' ? vendorId : `${vendorId}/${counted.operatorId}`;
  const sums = {
    sales: row.counted_sales,
    paidMinor: row.counted_minor,
    amountDeciKwh: row.counted_deci_kwh,
  };
  return { kind: 'limit_reached', ruleId, count: { scope, subject, ...sums } };
}
