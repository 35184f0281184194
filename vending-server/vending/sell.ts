/**
 * One sale: money in, one token out, under the vendor's own request id for ever (design.md section 2).
 *
 * A crash anywhere in here ends, after a restart and a retry of the same id, in one token, one debit and one chain entry:
 * before the commit nothing of the sale is durable, after it the recorded answer is given again.
 */
import { invariant } from '../../lib/assert.ts';
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { decodeAmount, encodeAmount } from '../../lib/token/amount.ts';
import { TID_MAX, tidMinutesAt } from '../../lib/token/tid.ts';
import { tokenDigest } from '../ledger/chain.ts';
import { saleTransfers } from '../ledger/postings.ts';
import { answerHash, saleDigest as digestOf } from '../ledger/sale-facts.ts';
import type { Contact } from '../notify/notification.ts';
import type { IssuedCredit } from '../security-module/contract.ts';
import type { MeterRecord, RecordedSale, VendClaim } from '../store/contract.ts';
import type { Vending } from './context.ts';
import { type Purchase, type PurchaseRequest, reckonPurchase } from './purchase.ts';
import { requestHash } from './request-hash.ts';
import { answerBeforeToken, answerWithToken } from './sale-response.ts';

export interface SaleRequest extends PurchaseRequest {
  /** The vendor's own id, made before the request was sent and kept for retries. */
  readonly requestId: string;
  /** Where the customer wants the token; part of what the request asks for. */
  readonly sendTo?: Contact | undefined;
}

export interface SaleAnswer {
  readonly sale: RecordedSale;
  /** True when this id was answered before and the answer is the first one again. */
  readonly replayed: boolean;
}

/**
 * @throws StsFault, in this order: `meter_number_malformed`, `meter_number_check_digit`, `request_id_reused`, those of
 *   `reckonPurchase`, `date_out_of_range`, `float_exhausted`, `tid_ahead_of_clock`, then the faults of the security module
 *   and the store.
 */
export async function sell(vending: Vending, request: SaleRequest): Promise<SaleAnswer> {
  const { meterPan } = parseMeterNumber(request.meter);
  const { vendorId, requestId, currency } = request;
  const hash = requestHash('sale', { meterPan, ...askedOf(request), currency });
  // Before everything else: what was answered once stays answered, whatever became of the meter and its tariff.
  const earlier = await vending.store.findSaleByRequest(vendorId, requestId);
  if (earlier !== undefined) {
    if (earlier.requestHash !== hash) throw reused();
    return { sale: earlier, replayed: true };
  }
  const claimed = await claim(vending, request, hash, meterPan);
  if (claimed.kind === 'exists') return { sale: claimed.sale, replayed: true };
  try {
    vending.onSaleClaimed(requestId);
    return { sale: await complete(vending, request, claimed), replayed: false };
  } catch (error) {
    vending.store.releaseClaim(claimed.claim);
    throw error;
  }
}

/** Money or units: what tells one request from another. The look-up code guards a request and is no part of it. */
function askedOf({ paidMinor, amountDeciKwh, sendTo }: SaleRequest) {
  return {
    ...(amountDeciKwh === undefined ? { paidMinor: paidMinor ?? 0 } : { amountDeciKwh }),
    ...(sendTo === undefined ? {} : { sendTo: { ...sendTo } as Record<string, string> }),
  };
}

interface ClaimedSale {
  readonly kind: 'claimed';
  readonly claim: VendClaim;
  readonly purchase: Purchase;
  readonly now: number;
}

/**
 * Reckons and claims, waiting while the same id or the same meter is being sold by somebody else, and reckoning again when
 * the meter has bought in between. Whoever waited for a sale that could not be recorded must not make the next token that
 * cannot: before each claim the ledger has to name what waits.
 */
async function claim(
  vending: Vending,
  request: SaleRequest,
  hash: string,
  meterPan: string,
): Promise<ClaimedSale | { readonly kind: 'exists'; readonly sale: RecordedSale }> {
  const { store, unreleased } = vending;
  for (;;) {
    await unreleased.settle(store);
    const now = vending.clock.now();
    const purchase = await reckonPurchase(vending, request, now);
    const { baseDate } = purchase.meter;
    const nowTidMinutes = tidMinutesAt(now, baseDate);
    const result = await store.claimVend({
      vendorId: request.vendorId,
      requestId: request.requestId,
      requestHash: hash,
      meterPan,
      paidMinor: purchase.paidMinor,
      purchasesVersion: purchase.purchases.version,
      baseDate,
      nowTidMinutes,
      maxTidMinutes: Math.min(nowTidMinutes + vending.tidAheadMinutes, TID_MAX),
    });
    switch (result.kind) {
      case 'claimed':
        return { kind: 'claimed', claim: result.claim, purchase, now };
      case 'exists':
        return result;
      case 'in_progress':
        await result.settled;
        break;
      case 'purchases_changed':
        break;
      case 'exists_with_different_request':
        throw reused();
      case 'vendor_unknown':
      case 'meter_unknown':
      case 'tid_ahead_of_clock':
        throw new StsFault(result.kind);
      case 'float_exhausted':
        throw new StsFault('float_exhausted', `${result.availableMinor} available`, { param: 'paidMinor' });
    }
  }
}

/** Token, evidence, books and answer. The answer exists only after both journals hold it. */
async function complete(
  vending: Vending,
  { requestId, sendTo }: SaleRequest,
  { claim: claimed, purchase, now }: ClaimedSale,
): Promise<RecordedSale> {
  const { meter, paidMinor, reckoned } = purchase;
  const { vendorId, currency } = purchase.vendor;
  const { tidMinutes, request } = claimed;
  const saleId = newSaleId(now, vending.random.bytes(10));
  const { meterPan, baseDate } = meter;
  const transfers = saleTransfers(vendorId, currency, reckoned.lines);
  const carriedDeciKwh = decodeAmount(encodeAmount(reckoned.amountDeciKwh));
  const answer = answerBeforeToken({ saleId, requestId, soldAt: now, purchase, tidMinutes, carriedDeciKwh });
  const saleDigest = digestOf({
    saleId,
    soldAt: now,
    vendorId,
    requestId,
    requestHash: request.requestHash,
    meterPan,
    baseDate,
    tidMinutes,
    currency,
    paidMinor,
    amountDeciKwh: carriedDeciKwh,
    transfers,
    answerHash: answerHash(answer),
  });
  const issued = await vending.securityModule.issueCredit({
    meter: keyAttributesOf(meter),
    tidMinutes,
    amountDeciKwh: reckoned.amountDeciKwh,
    saleDigest,
  });
  // The journal first: a ledger that is ahead of the module could not be explained after a power cut.
  await issued.sealed;
  assertEvidence(issued, saleDigest);
  invariant(issued.carriedDeciKwh === carriedDeciKwh, 'the token carries what the sale digest says');
  try {
    const notifications = vending.notificationsOf({ saleId, vendorId, soldAt: now }, sendTo);
    const recorded = await vending.store.recordVend(claimed, {
      saleId,
      soldAt: now,
      currency,
      amountDeciKwh: issued.carriedDeciKwh,
      tokenNo: issued.tokenNo,
      transfers,
      history: reckoned.history,
      entry: issued.entry,
      responseBody: JSON.stringify(answerWithToken(answer, issued)),
      notifications,
    });
    if (notifications.length > 0) vending.onNotified();
    return recorded;
  } catch (error) {
    vending.unreleased.add({ ...issued.entry, meterPan, tidMinutes, baseDate });
    // When this fails too they wait, and no further token is made before they are named.
    await vending.unreleased.settle(vending.store).catch(() => undefined);
    throw error;
  }
}

function keyAttributesOf(meter: MeterRecord) {
  const { drn: _drn, tariffId: _tariffId, ...attributes } = meter;
  return attributes;
}

function assertEvidence({ entry, tokenNo }: IssuedCredit, saleDigest: string): void {
  invariant(entry.saleDigest === saleDigest, 'the chain entry is about another sale');
  invariant(entry.tokenDigest === tokenDigest(tokenNo), 'the chain entry is about another token');
}

/** Time first, so that new sales stand at the end of the index; ten random bytes make it unguessable. */
function newSaleId(now: number, random: Uint8Array): string {
  return `sale_${now.toString(16).padStart(12, '0')}${Buffer.from(random).toString('hex')}`;
}

function reused(): StsFault {
  return new StsFault('request_id_reused', undefined, { param: 'requestId' });
}
