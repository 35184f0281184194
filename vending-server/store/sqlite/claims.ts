/**
 * Claims that live in this process: which request ids are being sold, how much of each float is spoken for, and the last
 * TID handed out per meter. All of it may be forgotten in a crash: what became durable is in the database, and a token
 * that was made but not sold comes back from the security module's journal.
 */
import type { BaseDate } from '../../../lib/identity/attributes.ts';
import type { VendClaim, VendClaimRequest } from '../contract.ts';
import type { DayCount } from '../money-contract.ts';

interface LiveClaim {
  readonly claim: VendClaim;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  recording: boolean;
}

type DaySums = Pick<DayCount, 'sales' | 'paidMinor' | 'amountDeciKwh'>;

export class ClaimBook {
  readonly #live = new Map<string, LiveClaim>();
  /** The one live claim of each meter: what a meter buys next depends on what it has bought. */
  readonly #liveOfMeter = new Map<string, LiveClaim>();
  readonly #reservedMinor = new Map<string, number>();
  readonly #lastTid = new Map<string, number>();
  #lastClaimId = 0;

  /** Resolves when the claim under this request id ends; undefined when there is none. */
  settled(vendorId: string, requestId: string): Promise<void> | undefined {
    return this.#live.get(requestKey(vendorId, requestId))?.settled;
  }

  /** Resolves when the meter's claim ends; undefined when it has none. */
  meterSettled(meterPan: string): Promise<void> | undefined {
    return this.#liveOfMeter.get(meterPan)?.settled;
  }

  reservedMinor(vendorId: string): number {
    return this.#reservedMinor.get(vendorId) ?? 0;
  }

  /** What the live claims of this vendor, or of one of its operators, come to on a day. */
  claimedOn(day: string, vendorId: string, operatorId?: string): DaySums {
    let [sales, paidMinor, amountDeciKwh] = [0, 0, 0];
    for (const { claim } of this.#live.values()) {
      const { counted } = claim.request;
      if (claim.request.vendorId !== vendorId || (counted?.day ?? day) !== day) continue;
      if (operatorId !== undefined && counted?.operatorId !== operatorId) continue;
      sales += 1;
      paidMinor += claim.request.paidMinor;
      amountDeciKwh += counted?.amountDeciKwh ?? 0;
    }
    return { sales, paidMinor, amountDeciKwh };
  }

  /** The last TID handed out and not known to be durable; -1 when there is none. */
  lastTidMinutes(meterPan: string, baseDate: BaseDate): number {
    return this.#lastTid.get(meterKey(meterPan, baseDate)) ?? -1;
  }

  open(request: VendClaimRequest, tidMinutes: readonly number[]): VendClaim {
    this.#lastClaimId += 1;
    const claim: VendClaim = { claimId: this.#lastClaimId, request, tidMinutes };
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const live: LiveClaim = { claim, settled, settle, recording: false };
    this.#live.set(requestKey(request.vendorId, request.requestId), live);
    for (const meterPan of metersOf(request)) this.#liveOfMeter.set(meterPan, live);
    this.#reservedMinor.set(request.vendorId, this.reservedMinor(request.vendorId) + request.paidMinor);
    const last = tidMinutes.at(-1);
    if (last !== undefined) this.#lastTid.set(meterKey(request.meterPan, request.baseDate), last);
    return claim;
  }

  /** @throws RangeError when the claim is not live or is being recorded already. */
  startRecording(claim: VendClaim): void {
    const live = this.#find(claim);
    if (live === undefined || live.recording) {
      throw new RangeError(
        `"claim" expected a live claim, got ${live === undefined ? 'an ended one' : 'one in use'}`,
      );
    }
    live.recording = true;
  }

  stopRecording(claim: VendClaim): void {
    const live = this.#find(claim);
    if (live !== undefined) live.recording = false;
  }

  /** Ends a claim whose sale is durable; the database knows its TIDs and its money from now on. */
  recorded(claim: VendClaim): void {
    const key = meterKey(claim.request.meterPan, claim.request.baseDate);
    if (this.#lastTid.get(key) === claim.tidMinutes.at(-1)) this.#lastTid.delete(key);
    this.#end(claim);
  }

  /** Ends a claim that came to nothing. Its TIDs stay used. An ended claim is left alone, one in use stays. */
  release(claim: VendClaim): void {
    if (this.#find(claim)?.recording === false) this.#end(claim);
  }

  #find(claim: VendClaim): LiveClaim | undefined {
    const live = this.#live.get(requestKey(claim.request.vendorId, claim.request.requestId));
    return live?.claim.claimId === claim.claimId ? live : undefined;
  }

  #end(claim: VendClaim): void {
    const live = this.#find(claim);
    if (live === undefined) return;
    const { vendorId, requestId, paidMinor } = claim.request;
    this.#live.delete(requestKey(vendorId, requestId));
    for (const meterPan of metersOf(claim.request)) this.#liveOfMeter.delete(meterPan);
    const left = this.reservedMinor(vendorId) - paidMinor;
    if (left === 0) this.#reservedMinor.delete(vendorId);
    else this.#reservedMinor.set(vendorId, left);
    live.settle();
  }
}

function metersOf({ meterPan, besides }: VendClaimRequest): readonly string[] {
  return besides === undefined ? [meterPan] : [meterPan, besides.meterPan];
}

function requestKey(vendorId: string, requestId: string): string {
  return `${vendorId.length} ${vendorId} ${requestId}`;
}

function meterKey(meterPan: string, baseDate: BaseDate): string {
  return `${meterPan} ${baseDate}`;
}
