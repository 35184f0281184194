/**
 * One request, once: what is asked for is reckoned, claimed, made, and becomes durable with its answer (design.md section 2).
 * Every use case that gives tokens or takes money goes through here, so that all of them share one record of request ids.
 *
 * A crash anywhere in here ends, after a restart and a retry of the same id, in one set of tokens, one debit and one stretch
 * of the chain: before the commit nothing of the sale is durable, after it the recorded answer is given again.
 */
import { StsFault } from '../../lib/faults.ts';
import type { BaseDate } from '../../lib/identity/attributes.ts';
import { isExpired, lastMinuteOfBase, TID_MAX, tidMinutesAt } from '../../lib/token/tid.ts';
import { saleTransfers } from '../ledger/postings.ts';
import { AnswerText, saleDigest as digestOf } from '../ledger/sale-facts.ts';
import type { Contact } from '../notify/notification.ts';
import type { IssuedTokens } from '../security-module/contract.ts';
import type {
  Carried,
  ChangeOut,
  MeterRecord,
  RecordedSale,
  ReplacedToken,
  SaleView,
  Transfer,
  VendClaim,
  VendClaimRequest,
  VendRecord,
} from '../store/contract.ts';
import type { SaleDesk } from '../store/money-contract.ts';
import type { PurchaseHistory } from '../tariff/history.ts';
import type { Vending } from './context.ts';
import { answeredAgain } from './find-sale.ts';
import type { KeyPlan } from './key-plan.ts';
import { admitSale } from './sale-guard.ts';
import { evidenceOf, meterAfter, ordersOf } from './sale-orders.ts';
import {
  type PurchasePicture,
  placeOf,
  type SaleDetails,
  type SaleResponse,
  tokensAfter,
  tokensBefore,
} from './sale-response.ts';
import { carriedOf, type WantedToken } from './wanted-tokens.ts';

export interface VendRequest {
  readonly vendorId: string;
  /** The vendor's own id, made before the request was sent and kept for retries. */
  readonly requestId: string;
  /** Of what is asked for: the same id for something else is refused (request-hash.ts). */
  readonly requestHash: string;
  readonly meterPan: string;
  /** Where the customer wants the tokens. */
  readonly sendTo?: Contact | undefined;
}

/** What a request comes to at a moment: everything of a sale but its claim and its digits. */
export interface PreparedVend {
  /** The meter under whose key credit is made, and the set of sections before it. */
  readonly plan: KeyPlan;
  readonly wanted: readonly WantedToken[];
  /** What the meter has bought and owes afterwards. */
  readonly history: PurchaseHistory;
  readonly picture: PurchasePicture;
  readonly details: SaleDetails;
  readonly desk: SaleDesk;
  /** What moves in the books besides the payment: debts that go from one meter to another. */
  readonly transfers?: readonly Transfer[];
  /** Of a replacement: the token that it stands for. */
  readonly replaces?: ReplacedToken;
  /** Of a change-out: the meter whose place this one takes, as it was reckoned with, and what it leaves. */
  readonly changeOut?: ChangeOut & NonNullable<VendClaimRequest['besides']>;
}

export interface SaleAnswer {
  readonly sale: RecordedSale;
  /** True when this id was answered before and the answer is the first one again. */
  readonly replayed: boolean;
  /** True when its tokens stand in this answer and nowhere else: if it does not arrive, nobody has seen them. */
  readonly isOnlyCopy: boolean;
}

/**
 * @param prepare - reads only; asked again when the meter has changed in between.
 * @throws StsFault `request_id_reused`, `sale_reversed`, `meter_changed_out`, those of `prepare`, those of `admitSale`,
 *   `base_date_ended`, `date_out_of_range`, `request_withdrawn`, `float_exhausted`, `tid_ahead_of_clock`, `key_expired`, then
 *   the faults of the security module and the store.
 */
export async function vend(
  vending: Vending,
  request: VendRequest,
  prepare: (view: SaleView, now: number) => Promise<PreparedVend>,
): Promise<SaleAnswer> {
  const claimed = await claim(vending, request, prepare);
  if (claimed.kind === 'exists') {
    return { sale: await answeredAgain(vending, claimed.sale), replayed: true, isOnlyCopy: false };
  }
  try {
    vending.onSaleClaimed(request.requestId);
    return { replayed: false, ...(await complete(vending, request, claimed)) };
  } catch (error) {
    vending.store.releaseClaim(claimed.claim);
    throw error;
  } finally {
    claimed.over();
  }
}

interface ClaimedSale {
  readonly kind: 'claimed';
  readonly claim: VendClaim;
  readonly prepared: PreparedVend;
  readonly now: number;
  readonly day: string;
  /** Where the meter's customer is told of it, if he agreed to that. */
  readonly contact: Contact | undefined;
  /** Ends what limits hold against sales under way. */
  readonly over: () => void;
}

/**
 * Reckons and claims, waiting while the same id or the same meter is being sold by somebody else, and reckoning again when
 * the meter has changed in between. Whoever waited for a sale that could not be recorded must not make the next token that
 * cannot: before each claim the ledger has to name what waits.
 */
async function claim(
  vending: Vending,
  request: VendRequest,
  prepare: (view: SaleView, now: number) => Promise<PreparedVend>,
): Promise<ClaimedSale | { readonly kind: 'exists'; readonly sale: RecordedSale }> {
  const { store, unreleased } = vending;
  const { vendorId, requestId, requestHash, meterPan } = request;
  for (;;) {
    const view = await store.viewForSale({ vendorId, requestId, meterPan });
    // Before everything else: what was answered once stays answered, whatever became of the clock, the meter and its tariff.
    if (view.earlier !== undefined) return { kind: 'exists', sale: sameRequest(view.earlier, request) };
    assertInPlace(view.meter);
    await unreleased.settle(store);
    const now = vending.clock.now();
    const prepared = await prepare(view, now);
    const { paidMinor } = prepared.picture;
    const { baseDate, supplyGroupCode } = prepared.plan.meter;
    const { operatorId } = prepared.desk;
    const amountDeciKwh = energyOf(prepared);
    const { day, over, limits, limited } = await admitSale(vending, {
      at: now,
      vendorId,
      operatorId,
      meterPan,
      supplyGroupCode,
      paidMinor,
      amountDeciKwh,
    });
    try {
      const tidCount = prepared.wanted.length;
      const nowTidMinutes = tidCount === 0 ? 0 : presentTid(now, baseDate);
      const result = await store.claimVend(
        {
          vendorId,
          requestId,
          requestHash,
          meterPan,
          paidMinor,
          purchasesVersion: view.purchases.version,
          tidCount,
          baseDate,
          nowTidMinutes,
          maxTidMinutes: Math.min(nowTidMinutes + vending.tidAheadMinutes, TID_MAX),
          counted: { day, operatorId, amountDeciKwh, limits },
          ...besidesOf(prepared),
        },
        view,
      );
      switch (result.kind) {
        case 'claimed':
          return { kind: 'claimed', claim: result.claim, prepared, now, day, over, contact: contactIn(view) };
        case 'exists':
          over();
          return result;
        case 'in_progress':
          over();
          await result.settled;
          break;
        case 'purchases_changed':
          over();
          break;
        case 'exists_with_different_request':
          throw reused();
        case 'withdrawn':
          throw new StsFault('request_withdrawn', undefined, { param: 'requestId' });
        case 'vendor_unknown':
        case 'meter_unknown':
        case 'tid_ahead_of_clock':
          throw new StsFault(result.kind);
        case 'limit_reached':
          throw await limited(result);
        case 'float_exhausted':
          throw new StsFault('float_exhausted', `${result.availableMinor} available`, { param: 'paidMinor' });
      }
    } catch (error) {
      over();
      throw error;
    }
  }
}

/** Tokens, evidence, books and answer. The answer exists only after both journals hold it. */
async function complete(
  vending: Vending,
  { vendorId, requestId, requestHash, sendTo }: VendRequest,
  { claim: claimed, prepared, now, day, contact }: ClaimedSale,
): Promise<Pick<SaleAnswer, 'sale' | 'isOnlyCopy'>> {
  const { plan, wanted, history, picture, details } = prepared;
  const { tidMinutes, request } = claimed;
  const { currency, paidMinor, lines } = picture;
  const saleId = newSaleId(now, vending.random.bytes(10));
  const transfers = [...saleTransfers(vendorId, currency, lines), ...(prepared.transfers ?? [])];
  const amountDeciKwh = energyOf(prepared);
  const head: Omit<SaleResponse, 'tokens' | 'ledger'> = {
    saleId,
    requestId,
    soldAt: new Date(now).toISOString(),
    vendorId,
    ...picture,
    ...details,
  };
  const answer = new AnswerText(head);
  const tokens = tokensBefore(plan.keyChange, wanted, tidMinutes);
  const { meterPan } = request;
  const saleDigest = digestOf({
    saleId,
    soldAt: now,
    vendorId,
    requestId,
    requestHash,
    meterPan,
    currency,
    paidMinor,
    amountDeciKwh,
    transfers,
    answerHash: answer.hash(tokens),
  });
  assertTakes(plan.meter, tidMinutes);
  const issued = await vending.securityModule.issue({
    orders: ordersOf(plan, wanted, tidMinutes),
    saleDigest,
  });
  // The journal first: entries without a signature that only the ledger holds could not be explained after a power cut.
  if (!issued.isProvable) await issued.sealed;
  const entries = evidenceOf(issued.tokens, { answered: tokens, saleDigest, plan, tidMinutes });
  const notifications = vending.notificationsOf({ saleId, vendorId, soldAt: now }, sendTo ?? contact);
  const record: VendRecord = {
    saleId,
    soldAt: now,
    currency,
    amountDeciKwh,
    boughtDeciKwh: picture.amountDeciKwh,
    transfers,
    history,
    entries,
    tokenNos: issued.tokens.flatMap(({ tokenNo }) => (tokenNo === null ? [] : [tokenNo])),
    responseBody: answer.with(tokensAfter(tokens, issued.tokens), placeOf(issued.tokens)),
    desk: { day, ...prepared.desk },
    notifications,
    carried: carriedBy(prepared),
    ...(plan.keyChange === undefined ? {} : { meter: meterAfter(plan, saleId, now) }),
    ...(prepared.replaces === undefined ? {} : { replaces: prepared.replaces }),
    ...(prepared.changeOut === undefined ? {} : { changeOut: { debts: prepared.changeOut.debts } }),
  };
  const sale = await recorded(vending, claimed, record, issued);
  if (notifications.length > 0) vending.onNotified();
  return { sale, isOnlyCopy: record.tokenNos.length > 0 && notifications.length === 0 };
}

/** Durable in the ledger and in the module's journal, side by side where that is safe. */
async function recorded(
  vending: Vending,
  claimed: VendClaim,
  record: VendRecord,
  issued: IssuedTokens,
): Promise<RecordedSale> {
  let sale: RecordedSale;
  try {
    sale = await vending.store.recordVend(claimed, record);
  } catch (error) {
    vending.unreleased.add(record.entries);
    // When this fails too they wait, and no further token is made before they are named.
    await vending.unreleased.settle(vending.store).catch(() => undefined);
    throw error;
  }
  // A journal that cannot be written ends the module; its next start takes over what the ledger holds and proves.
  await issued.sealed;
  return sale;
}

/** @throws StsFault `base_date_ended`; `date_out_of_range` before the base date begins. */
function presentTid(now: number, baseDate: BaseDate): number {
  if (now >= lastMinuteOfBase(baseDate) + 60_000) throw new StsFault('base_date_ended', `base ${baseDate}`);
  return tidMinutesAt(now, baseDate);
}

/**
 * The security module judges by the KEN of the vending key. A meter that is known to hold an earlier one would refuse what the
 * module makes, and its customer would have paid for nothing.
 */
function assertTakes({ keyExpiry }: MeterRecord, tidMinutes: readonly number[]): void {
  if (keyExpiry === null || tidMinutes.every((tid) => !isExpired(tid, keyExpiry))) return;
  throw new StsFault('key_expired', `the meter holds KEN ${keyExpiry}`, { param: 'meter' });
}

/** Energy of all tokens, before they are coded: what limits count. */
function energyOf({ wanted }: PreparedVend): number {
  return wanted.reduce(
    (sum, token) => sum + (token.kind === 'creditElectricity' ? token.amountDeciKwh : 0),
    0,
  );
}

/** What the ledger has given to the meter with it: a token that stands for an earlier one gives nothing more. */
function carriedBy({ wanted, replaces }: PreparedVend): Carried {
  const given = { amountDeciKwh: 0, amountHundredThousandth: 0 };
  for (const token of replaces === undefined ? wanted : []) {
    if (token.kind === 'creditElectricity') given.amountDeciKwh += carriedOf(token);
    if (token.kind === 'currencyCredit') given.amountHundredThousandth += carriedOf(token);
  }
  return given;
}

function besidesOf({ changeOut }: PreparedVend): Pick<VendClaimRequest, 'besides'> {
  if (changeOut === undefined) return {};
  const { meterPan, purchasesVersion } = changeOut;
  return { besides: { meterPan, purchasesVersion } };
}

/** @throws StsFault `meter_changed_out`. */
export function assertInPlace(meter: MeterRecord | undefined): void {
  if (meter === undefined || meter.replacedBy === null) return;
  throw new StsFault('meter_changed_out', `now ${meter.replacedBy}`, { param: 'meter' });
}

function contactIn({ contact }: SaleView): Contact | undefined {
  if (contact === undefined) return undefined;
  const { phone, email, language } = contact;
  return {
    ...(phone === null ? {} : { phone }),
    ...(email === null ? {} : { email }),
    // Only the route of customers writes it, and it takes no others.
    ...(language === null ? {} : { language: language as Contact['language'] }),
  };
}

function sameRequest(sale: RecordedSale, { requestHash }: VendRequest): RecordedSale {
  if (sale.requestHash !== requestHash) throw reused();
  return sale;
}

/** Time first, so that new sales stand at the end of the index; ten random bytes make it unguessable. */
function newSaleId(now: number, random: Uint8Array): string {
  return `sale_${now.toString(16).padStart(12, '0')}${Buffer.from(random).toString('hex')}`;
}

function reused(): StsFault {
  return new StsFault('request_id_reused', undefined, { param: 'requestId' });
}
