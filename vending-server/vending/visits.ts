/**
 * Visits: who shows a receipt of a meter sees what was bought for it since it is this customer's, for half an hour, without
 * an account.
 *
 * A receipt's number is no secret: it is the module's count of tokens, so that whoever stands behind a neighbour at the till
 * has the number beside his. Typed in, it counts only with the first digits of a token on the same slip, and wrong guesses
 * wait: for a meter from the fourth on, soon an hour. Whoever has the QR code has a signature, which nobody guesses and no
 * guesser can lock out.
 */
import { timingSafeEqual } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { isSessionToken, newSessionToken, secretHash, sessionIdOf } from '../people/session.ts';
import { receiptThrottleRules } from '../people/throttle.ts';
import { checkReceipt, type ReceiptDesk } from '../receipt/desk.ts';
import { parseQrText, type Seal, tokensDigest } from '../receipt/seal.ts';
import type { VisitRecord } from '../store/visit-contract.ts';
import type { Vending } from './context.ts';
import { receiptNumberOf, type SaleResponse } from './sale-response.ts';

/** Long enough to read, short enough for a borrowed phone. */
export const VISIT_MILLIS = 30 * 60_000;
/** A receipt this old shows no tokens: many hands may have held it. */
const RECENT_MILLIS = 90 * 86_400_000;

/** What the customer has in hand: all of the QR code, or what can be typed. */
export type ShownReceipt =
  | { readonly code: string }
  | {
      readonly meter: string;
      readonly receiptNumber: string;
      /** The first four digits of any token on it. */
      readonly tokenStart: string;
    };

export interface OpenedVisit {
  /** For the cookie, and nothing else. */
  readonly secret: string;
  readonly visit: VisitRecord;
}

type Context = Pick<Vending, 'store' | 'clock' | 'random'>;

/**
 * @throws StsFault by code: `request_malformed` for what is no code of a receipt, `receipt_key_unknown`, `receipt_forged`,
 *   `receipt_not_current` for a genuine one from before the present customer; by numbers: those of a meter number,
 *   `visit_throttled`, and `visit_refused` for everything that does not belong together, also for receipts from before.
 */
export async function openVisit(
  context: Context,
  desk: Pick<ReceiptDesk, 'findKey'>,
  shown: ShownReceipt,
  from: { readonly address: string; readonly endsSecret: string | undefined },
): Promise<OpenedVisit> {
  const sale =
    'code' in shown ? await saleOfCode(context, desk, shown.code) : await guessed(context, shown, from);
  const { store, clock, random } = context;
  const soldAt = Date.parse(sale.soldAt);
  const { meterPan } = sale.meter;
  if (soldAt < (await store.visits.heldSince(meterPan))) {
    throw new StsFault('code' in shown ? 'receipt_not_current' : 'visit_refused');
  }
  if (!('code' in shown)) await store.people.forgetFailures(meterSubject(meterPan));
  const secret = newSessionToken(random);
  const now = clock.now();
  const ids = { visitHash: secretHash(secret), meterPan, saleId: sale.saleId };
  const visit: VisitRecord = { ...ids, soldAt, openedAt: now, endsAt: now + VISIT_MILLIS };
  const { endsSecret } = from;
  const ends = endsSecret !== undefined && isSessionToken(endsSecret) ? secretHash(endsSecret) : null;
  await store.visits.open(visit, ends);
  return { secret, visit };
}

async function saleOfCode({ store }: Context, desk: Pick<ReceiptDesk, 'findKey'>, code: string) {
  const seal = parseQrText(code);
  if (seal === undefined)
    throw new StsFault('request_malformed', 'not the code of a receipt', { param: 'code' });
  const result = await checkReceipt(desk, seal);
  if (result === 'unknownKey') throw new StsFault('receipt_key_unknown');
  const sale = result === 'genuine' ? await saleOfNumber(store, seal.receiptNumber) : undefined;
  // A signature made with a key that leaked says nothing that the books do not.
  if (sale === undefined || !isOfSale(seal, sale)) throw new StsFault('receipt_forged');
  return sale;
}

function isOfSale(seal: Seal, sale: SaleResponse): boolean {
  const digests = [sale.tokens.map(({ tokenNo }) => tokenNo), []].map(tokensDigest);
  // The receipt of a sale that was taken back has none of its tokens.
  return (
    seal.currency === sale.currency &&
    seal.paidMinor === sale.paidMinor &&
    digests.includes(seal.tokensDigest)
  );
}

/** Every way of being wrong takes the same look-ups and gives the same answer. */
async function guessed(
  { store, clock }: Context,
  { meter, receiptNumber, tokenStart }: Exclude<ShownReceipt, { code: string }>,
  { address }: { readonly address: string },
): Promise<SaleResponse> {
  const { meterPan } = parseMeterNumber(meter);
  const now = clock.now();
  const attempt = await store.people.attemptLogin(receiptThrottleRules(meterSubject(meterPan), address), now);
  if (attempt.kind === 'throttled') {
    const retryAfterSeconds = Math.max(1, Math.ceil((attempt.allowedAt - now) / 1000));
    throw new StsFault('visit_throttled', `${retryAfterSeconds} s`, { retryAfterSeconds });
  }
  const sale = await saleOfNumber(store, receiptNumber);
  const starts = sale?.tokens.map(({ tokenNo }) =>
    isSameText(tokenNo.slice(0, tokenStart.length), tokenStart),
  );
  if (sale === undefined || sale.meter.meterPan !== meterPan || !starts?.includes(true)) {
    throw new StsFault('visit_refused');
  }
  const { state } = (await store.advice.find(sale.saleId)) ?? {};
  if (state === 'reversed') throw new StsFault('visit_refused');
  return sale;
}

function isSameText(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

function meterSubject(meterPan: string): string {
  return `receipt:${meterPan}`;
}

const RECEIPT_NUMBER = /^([A-Za-z0-9_-]{1,8})-([1-9][0-9]{0,14})$/;

async function saleOfNumber(store: Vending['store'], number: string): Promise<SaleResponse | undefined> {
  const [, prefix = '', counter = ''] = RECEIPT_NUMBER.exec(number) ?? [];
  const saleId = prefix === '' ? undefined : await store.visits.saleOfReceipt(prefix, Number(counter));
  const recorded = saleId === undefined ? undefined : await store.findSale(saleId);
  const sale = recorded && (JSON.parse(recorded.responseBody) as SaleResponse);
  return sale !== undefined && receiptNumberOf(sale) === number ? sale : undefined;
}

/** @throws StsFault `visit_required` for none, one that is over, and one whose meter has another customer since. */
export async function findVisit({ store, clock }: Context, secret: string | undefined): Promise<VisitRecord> {
  const visit =
    secret === undefined || !isSessionToken(secret) ? undefined : await store.visits.find(secretHash(secret));
  if (visit === undefined || clock.now() >= visit.endsAt) throw new StsFault('visit_required');
  if (visit.soldAt < (await store.visits.heldSince(visit.meterPan))) throw new StsFault('visit_required');
  return visit;
}

/** What logs and the audit trail call a visit by. */
export function visitPrincipal({ visitHash }: VisitRecord): string {
  return `visit:${sessionIdOf(visitHash).replace(/^ses_/, '')}`;
}

/** Whether the receipt is young enough for tokens to be shown again. */
export function showsTokens({ soldAt, openedAt }: VisitRecord): boolean {
  return openedAt - soldAt <= RECENT_MILLIS;
}
