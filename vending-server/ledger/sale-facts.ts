/**
 * What a sale digest is made of. The digest stands in the chain entry of each token of the sale, so that the module's
 * signature covers it: nothing of a sale can be changed afterwards, not the vendor, the money, its split into energy and
 * tax, the time, nor a word of the answer that the customer holds.
 *
 * The digest exists before the tokens do. So the answer enters it without the digits and without the place in the chain,
 * and these two are checked against the entries themselves.
 */
import type { BaseDate } from '../../lib/identity/attributes.ts';
import { sha256 } from '../sha256.ts';
import type { Transfer } from '../store/contract.ts';
import { type CanonicalValue, canonicalHash } from './canonical.ts';

export interface SaleFacts {
  readonly saleId: string;
  /** Milliseconds since 1970 UTC. */
  readonly soldAt: number;
  readonly vendorId: string;
  readonly requestId: string;
  readonly requestHash: string;
  readonly meterPan: string;
  readonly currency: string;
  readonly paidMinor: number;
  /** Energy of all its tokens, 0.1 kWh: before they are coded in format 2, what its one token carries in format 1. */
  readonly amountDeciKwh: number;
  /** In the order in which they were posted. */
  readonly transfers: readonly Transfer[];
  readonly answerHash: string;
}

/**
 * SHA-256 over the canonical JSON of the facts and the name of this format, 64 lower-case hex digits. Which tokens a sale has,
 * what they carry and under which identifiers is part of the answer.
 */
export function saleDigest(facts: SaleFacts): string {
  return canonicalHash({ format: 'wattoken-sale-2', ...plainFacts(facts) });
}

/** The digest of a sale from when each had one token, whose identifier stood beside the facts. */
export function saleDigestOfFormat1(
  facts: SaleFacts,
  { baseDate, tidMinutes }: { readonly baseDate: BaseDate; readonly tidMinutes: number | null },
): string {
  return canonicalHash({ format: 'wattoken-sale-1', ...plainFacts(facts), baseDate, tidMinutes });
}

/** By name, so that nothing else that the caller's object holds is hashed. */
function plainFacts(facts: SaleFacts) {
  return {
    saleId: facts.saleId,
    soldAt: facts.soldAt,
    vendorId: facts.vendorId,
    requestId: facts.requestId,
    requestHash: facts.requestHash,
    meterPan: facts.meterPan,
    currency: facts.currency,
    paidMinor: facts.paidMinor,
    amountDeciKwh: facts.amountDeciKwh,
    transfers: facts.transfers.map(({ debitAccount, creditAccount, amountMinor }) => ({
      debitAccount,
      creditAccount,
      amountMinor,
    })),
    answerHash: facts.answerHash,
  };
}

/** The parts of an answer that are left out of its hash; everything else in it counts. */
interface Answer {
  readonly ledger: unknown;
  readonly tokens: readonly { readonly tokenNo: string; readonly tokenNoGrouped: string }[];
}

/**
 * SHA-256 over the text of an answer without `ledger` and, in each token, `tokenNo` and `tokenNoGrouped`: compact JSON with
 * the fields in the order in which the answer gives them, its tokens last.
 */
export function answerHash({ ledger: _ledger, tokens, ...head }: Answer): string {
  return new AnswerText(head).hash(tokens);
}

/**
 * An answer is written twice, before and after its tokens are made; what comes before the tokens is the same both times.
 * @param head - all fields of the answer but `tokens` and `ledger`, which come last; not empty.
 */
export class AnswerText {
  readonly #head: string;

  constructor(head: object) {
    this.#head = JSON.stringify(head).slice(0, -1);
  }

  /** The {@link answerHash} of the answer with these tokens. */
  hash(tokens: Answer['tokens']): string {
    return sha256(`${this.#head},"tokens":${JSON.stringify(tokens.map(withoutDigits))}}`);
  }

  /** The whole answer. */
  with(tokens: Answer['tokens'], ledger: object): string {
    return `${this.#head},"tokens":${JSON.stringify(tokens)},"ledger":${JSON.stringify(ledger)}}`;
  }
}

/** As it was when each sale had one token: over the canonical JSON. @throws RangeError for a number that is no safe integer. */
export function answerHashOfFormat1({ ledger: _ledger, tokens, ...head }: Answer): string {
  // What an answer holds is JSON by construction: it is sent as such.
  return canonicalHash({ ...head, tokens: tokens.map(withoutDigits) } as unknown as CanonicalValue);
}

function withoutDigits({ tokenNo: _no, tokenNoGrouped: _grouped, ...token }: Answer['tokens'][number]) {
  return token;
}
