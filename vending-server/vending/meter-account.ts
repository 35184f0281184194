/** What the books know of a meter, for the utility's people: what it owes, where it stands in its month, what it has bought. */
import type { MeterRecord } from '../store/contract.ts';
import { type BlockPosition, blockPosition } from '../tariff/energy.ts';
import { chargesDue } from '../tariff/fixed-charges.ts';
import type { PurchaseHistory } from '../tariff/history.ts';
import { localMoment } from '../tariff/local-time.ts';
import { freeUnitsDue, unitsOfMonth } from '../tariff/reckon.ts';
import { type SaleState, stateOf } from './advice.ts';
import type { Vending } from './context.ts';
import { findTerms } from './find-tariff.ts';
import { findMeter } from './register-meter.ts';
import type { SaleResponse } from './sale-response.ts';

export interface MeterAccount {
  readonly meter: Pick<MeterRecord, 'drn' | 'meterPan' | 'tariffId'>;
  readonly currency: string;
  /** As the next purchase will be reckoned with. */
  readonly history: PurchaseHistory;
  /** Units of the present month, whole 0.1 kWh. */
  readonly monthUnitsDeciKwh: number;
  /** null for a tariff that bills by band. */
  readonly block: BlockPosition | null;
  readonly chargesDue: readonly { chargeId: string; label: string; dueMinor: number }[];
  readonly freeUnitsDueDeciKwh: number;
}

/** @throws StsFault of the meter's number, `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`. */
export async function meterAccount(vending: Vending, number: string): Promise<MeterAccount> {
  const { store, clock } = vending;
  const now = clock.now();
  const { drn, meterPan, tariffId } = await findMeter(vending, number);
  const { terms } = await findTerms(store, tariffId, now);
  const { history } = await store.findPurchases(meterPan);
  const local = localMoment(now, terms.timeZone);
  const monthUnitsDeciKwh = unitsOfMonth(history, local.month);
  return {
    meter: { drn, meterPan, tariffId },
    currency: terms.currency,
    history,
    monthUnitsDeciKwh,
    block: terms.energy.kind === 'timeOfUse' ? null : blockPosition(terms, monthUnitsDeciKwh),
    chargesDue: chargesDue(terms, history.charges, local).map(({ charge, dueMinor }) => {
      return { chargeId: charge.chargeId, label: charge.label, dueMinor };
    }),
    freeUnitsDueDeciKwh: freeUnitsDue(terms, history, now),
  };
}

/** A purchase without its digits. */
export interface MeterPurchase
  extends Pick<
    SaleResponse,
    'saleId' | 'vendorId' | 'kind' | 'soldAt' | 'currency' | 'paidMinor' | 'operator' | 'terminal' | 'reason'
  > {
  /** What its credit tokens carry, whole 0.1 kWh. */
  readonly amountDeciKwh: number;
  readonly state: SaleState;
  readonly counter: number;
  readonly tokens: readonly MeterToken[];
}

export interface MeterToken {
  readonly kind: string;
  /** Of a credit token why it was given, of a command what it commands. */
  readonly what: string | null;
  readonly amountDeciKwh: number | null;
}

/** The newest first, before this sale. @throws StsFault of the meter's number, `meter_unknown`. */
export async function meterPurchases(
  vending: Vending,
  request: { readonly meter: string; readonly before: string | null; readonly limit: number },
): Promise<readonly MeterPurchase[]> {
  const { meterPan } = await findMeter(vending, request.meter);
  const sales = await vending.store.advice.meterSales(meterPan, request.before, request.limit);
  return sales.map((held): MeterPurchase => {
    const answer = JSON.parse(held.responseBody) as SaleResponse;
    const { saleId, vendorId, kind, soldAt, currency, paidMinor, operator, terminal, reason, ledger } =
      answer;
    const tokens = answer.tokens.map(tokenOf);
    return {
      saleId,
      vendorId,
      kind: kind ?? 'credit',
      soldAt,
      currency,
      paidMinor,
      operator: operator ?? null,
      terminal: terminal ?? null,
      reason: reason ?? null,
      amountDeciKwh: tokens.reduce((sum, token) => sum + (token.amountDeciKwh ?? 0), 0),
      state: stateOf(held),
      counter: ledger.counter,
      tokens,
    };
  });
}

function tokenOf(token: SaleResponse['tokens'][number]): MeterToken {
  switch (token.kind) {
    case 'keyChange':
      return { kind: token.kind, what: null, amountDeciKwh: null };
    case 'creditElectricity':
      return { kind: token.kind, what: token.reason ?? null, amountDeciKwh: token.amountDeciKwh };
    case 'currencyCredit':
      return { kind: token.kind, what: token.reason, amountDeciKwh: null };
    case 'management':
      return { kind: token.kind, what: token.token.kind, amountDeciKwh: null };
  }
}
