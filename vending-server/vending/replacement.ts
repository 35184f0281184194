/**
 * A token that stands for an earlier one, which was lost or never reached its meter: the same energy or money, for the same
 * meter, once and for ever. The digits of the first one stay valid, which is why two persons are asked; whoever only wants
 * to see them again prints the receipt again.
 */
import { StsFault } from '../../lib/faults.ts';
import type { Caller } from '../people/caller.ts';
import type { VendingKeyLimits } from '../security-module/contract.ts';
import type { RecordedSale, ReplacedToken } from '../store/contract.ts';
import type { Vending } from './context.ts';
import { type Given, type GivenRequest, give, preparedGift } from './given.ts';
import { meterForSale, planFor } from './purchase.ts';
import type { REPLACEMENT_REASONS } from './reasons.ts';
import { type OriginalToken, receiptNumberOf, type SaleResponse, type SoldToken } from './sale-response.ts';
import { energyTokens, moneyTokens, type WantedToken } from './wanted-tokens.ts';

export interface ReplacementRequest extends GivenRequest {
  /** The sale whose token it was. */
  readonly saleId: string;
  /** Which of its tokens, from 1 in the order of the answer. */
  readonly token: number;
  readonly reasonCode: (typeof REPLACEMENT_REASONS)[number];
}

/**
 * @throws StsFault `sale_unknown`, of `give`, `token_not_replaceable`, `tariff_unknown`, `tariff_not_in_force`,
 *   `payment_too_large`.
 */
export async function replaceToken(
  vending: Vending,
  caller: Caller,
  request: ReplacementRequest,
): Promise<Given> {
  const { saleId, token: place } = request;
  const sale = await vending.store.findSale(saleId);
  if (sale === undefined) throw new StsFault('sale_unknown', undefined, { param: 'saleId' });
  const sold = JSON.parse(sale.responseBody) as SaleResponse;
  const { meterPan } = sold.meter;
  return give(vending, caller, request, {
    operation: 'replacement',
    approvalKind: 'replacement',
    payload: { saleId, token: place, meterPan },
    meterPan,
    prepare: async (view, now) => {
      const original = creditOf(sold, place);
      const replaces = await replacedOf(vending, sale, place);
      const found = meterForSale(view, now);
      const plan = await planFor(vending, found.meter, now);
      const wanted = sameAgain(original, plan.key ?? {});
      const history = { ...found.purchases.history, lastAt: now };
      const details = { replaces: namedOf(sold, place) };
      return {
        ...preparedGift(found, { kind: 'replacement', plan, wanted, history, details }, now),
        replaces,
      };
    },
  });
}

type CreditToken = Extract<SoldToken, { kind: 'creditElectricity' | 'currencyCredit' }>;

function creditOf({ tokens }: SaleResponse, place: number): CreditToken {
  const token = tokens[place - 1];
  if (token === undefined) throw refused(`the sale has ${tokens.length} tokens`);
  if (token.kind === 'creditElectricity' || token.kind === 'currencyCredit') return token;
  throw refused(`token ${place} carries no credit`);
}

/** @throws StsFault `token_not_replaceable` when it was replaced before, or its sale was taken back. */
async function replacedOf(
  { store }: Vending,
  { saleId }: RecordedSale,
  place: number,
): Promise<ReplacedToken> {
  const { isReversed, replaced } = await store.findAftermath(saleId);
  if (isReversed) throw refused('its sale was reversed');
  const before = replaced.find((one) => one.place === place);
  if (before !== undefined) throw refused(`sale ${before.bySaleId} stands for it`);
  const entry = (await store.findEntriesBySale(saleId))[place - 1];
  if (entry === undefined) throw new StsFault('store_damaged', 'a token of a sale has no entry in the chain');
  return { saleId, place, moduleId: entry.moduleId, counter: entry.counter };
}

/** What the first one carried, which is an amount that a token carries exactly. */
function sameAgain(original: CreditToken, key: VendingKeyLimits): readonly WantedToken[] {
  return original.kind === 'creditElectricity'
    ? energyTokens('replacement', original.amountDeciKwh, key)
    : moneyTokens('replacement', original.amountHundredThousandth, key);
}

function namedOf(sold: SaleResponse, token: number): OriginalToken {
  const { saleId, soldAt } = sold;
  return { saleId, token, soldAt, receiptNumber: receiptNumberOf(sold) };
}

function refused(detail: string): StsFault {
  return new StsFault('token_not_replaceable', detail, { param: 'token' });
}
