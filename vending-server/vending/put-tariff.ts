/**
 * Puts a version of a tariff into force from a date on. The terms of a version never change, and none begins in the past:
 * what was sold must stay explainable.
 */
import { StsFault } from '../../lib/faults.ts';
import { type CanonicalValue, canonicalJson } from '../ledger/canonical.ts';
import type { TariffVersion } from '../store/contract.ts';
import { NO_HISTORY } from '../tariff/history.ts';
import { isTimeZone } from '../tariff/local-time.ts';
import { reckonPayment } from '../tariff/reckon.ts';
import type { TariffTerms } from '../tariff/terms.ts';
import { calendarFault } from '../tariff/time-of-use.ts';
import type { Vending } from './context.ts';

export interface TariffRequest {
  readonly tariffId: string;
  /** When it begins, milliseconds since 1970 UTC; undefined for a first version that is in force from the beginning. */
  readonly validFrom?: number | undefined;
  readonly terms: TariffTerms;
}

/**
 * @returns whether the version is new; putting the same again changes nothing.
 * @throws StsFault `request_malformed` naming what is wrong with the terms, `tariff_exists` for other terms from the same
 *   date, `tariff_in_the_past`.
 */
export async function putTariff(
  { store, clock }: Pick<Vending, 'store' | 'clock'>,
  { tariffId, validFrom = 0, terms }: TariffRequest,
): Promise<{ created: boolean }> {
  const result = await store.putTariff(
    await tariffVersionOf({ store, clock }, { tariffId, validFrom, terms }),
  );
  if (result === 'exists') throw new StsFault('tariff_exists', undefined, { param: 'tariffId' });
  return { created: result === 'created' };
}

/** The version as the store keeps it. @throws StsFault `request_malformed`, `tariff_in_the_past`. */
export async function tariffVersionOf(
  { store, clock }: Pick<Vending, 'store' | 'clock'>,
  { tariffId, validFrom = 0, terms }: TariffRequest,
): Promise<TariffVersion> {
  assertTerms(terms);
  const held = await store.findTariff(tariffId);
  const isNew = held.every((version) => version.validFrom !== validFrom);
  if (held.length > 0 && isNew && validFrom <= clock.now()) {
    throw new StsFault('tariff_in_the_past', undefined, { param: 'validFrom' });
  }
  return { tariffId, validFrom, terms: textOf(terms) };
}

/** Whether exactly this version stands already. */
export async function holdsTariff(
  { store }: Pick<Vending, 'store'>,
  { tariffId, validFrom = 0, terms }: TariffRequest,
): Promise<boolean> {
  const text = textOf(terms);
  const held = await store.findTariff(tariffId);
  return held.some((version) => version.validFrom === validFrom && version.terms === text);
}

/** What is left out and what is false is one, so that terms from before there was such a word are still the same terms. */
function textOf({ freeUnitsOnlyWithSale, ...terms }: TariffTerms): string {
  const said = { ...terms, ...(freeUnitsOnlyWithSale === true ? { freeUnitsOnlyWithSale } : {}) };
  return canonicalJson(said as unknown as CanonicalValue);
}

/** Terms that cannot be reckoned with must fail here and not at the first sale. @throws StsFault `request_malformed`. */
export function assertTerms(terms: TariffTerms): void {
  const { energy, fixedCharges, deductionOrder } = terms;
  if (terms.minimumMinor > terms.maximumMinor)
    throw wrong('minimumMinor', 'the minimum is above the maximum');
  if (!isTimeZone(terms.timeZone)) throw wrong('timeZone', 'no such time zone');
  if (new Set(fixedCharges.map(({ chargeId }) => chargeId)).size < fixedCharges.length) {
    throw wrong('fixedCharges', 'two charges have one id');
  }
  if (new Set(deductionOrder).size < deductionOrder.length) {
    throw wrong('deductionOrder', 'a deduction stands in it twice');
  }
  if (energy.kind === 'blocks') assertBlocks(energy.blocks);
  if (energy.kind === 'timeOfUse') {
    const fault = calendarFault(energy.calendar);
    if (fault !== undefined) throw wrong('energy.calendar', fault);
  }
  reckonPayment(terms, NO_HISTORY, terms.maximumMinor, 0);
}

function assertBlocks(blocks: readonly { readonly untilDeciKwh: number | null }[]): void {
  let before = 0;
  for (const [index, { untilDeciKwh }] of blocks.entries()) {
    const isLast = index === blocks.length - 1;
    if (isLast !== (untilDeciKwh === null)) throw wrong('energy.blocks', 'the last block alone has no end');
    if (untilDeciKwh !== null && untilDeciKwh <= before)
      throw wrong('energy.blocks', 'the blocks do not rise');
    before = untilDeciKwh ?? before;
  }
  if (blocks.length === 0) throw wrong('energy.blocks', 'there is no block');
}

function wrong(field: string, detail: string): StsFault {
  return new StsFault('request_malformed', detail, { param: `terms.${field}` });
}
