/** What a utility changes of a registered meter besides its key: what it knows of the meter itself, and its tariff. */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { assertMay, type Caller } from '../people/caller.ts';
import type { MeterRecord } from '../store/contract.ts';
import { changeMeter } from './change-meter.ts';
import type { Vending } from './context.ts';
import { findTerms, findVersions } from './find-tariff.ts';

/** What is left out stays as it is. */
export interface MeterSettings {
  /** KEN that the meter is known to hold; null where that of its vending key counts. */
  readonly keyExpiry?: number | null | undefined;
  readonly storesSupplyGroup?: boolean | undefined;
  readonly tokenCarrierType?: number | undefined;
  /** A right of its own: it is what the customer pays. */
  readonly tariffId?: string | undefined;
}

/**
 * @throws StsFault of the meter's number, `permission_denied` for a setting that the caller may not change, `meter_unknown`,
 *   `tariff_unknown`, `tariff_not_in_force`, `currency_mismatch` for a tariff in another currency than the meter's: what it
 *   owes and carries is in that one.
 */
export async function changeMeterSettings(
  vending: Vending,
  caller: Caller,
  { meter: number, ...settings }: MeterSettings & { readonly meter: string },
): Promise<MeterRecord> {
  const { meterPan } = parseMeterNumber(number);
  const { tariffId, keyExpiry, storesSupplyGroup, tokenCarrierType } = settings;
  if (tariffId !== undefined) assertMay(caller, 'meter.tariff');
  if ([keyExpiry, storesSupplyGroup, tokenCarrierType].some((value) => value !== undefined))
    assertMay(caller, 'meter.engineer');
  return changeMeter(vending, meterPan, async (meter, now) => {
    const changed: MeterRecord = {
      ...meter,
      tariffId: tariffId ?? meter.tariffId,
      keyExpiry: keyExpiry === undefined ? meter.keyExpiry : keyExpiry,
      storesSupplyGroup: storesSupplyGroup ?? meter.storesSupplyGroup,
      tokenCarrierType: tokenCarrierType ?? meter.tokenCarrierType,
    };
    if (isSame(changed, meter)) return { told: meter };
    if (changed.tariffId !== meter.tariffId) await assertCurrency(vending, meter, changed, now);
    return { change: { meter: changed }, told: changed };
  });
}

function isSame(a: MeterRecord, b: MeterRecord): boolean {
  return (
    a.tariffId === b.tariffId &&
    a.keyExpiry === b.keyExpiry &&
    a.storesSupplyGroup === b.storesSupplyGroup &&
    a.tokenCarrierType === b.tokenCarrierType
  );
}

async function assertCurrency(
  { store }: Pick<Vending, 'store'>,
  before: MeterRecord,
  after: MeterRecord,
  now: number,
): Promise<void> {
  const { terms } = await findTerms(store, after.tariffId, now);
  const [first] = (await findVersions(store, before.tariffId)).versions;
  if (terms.currency !== first?.terms.currency)
    throw new StsFault('currency_mismatch', undefined, { param: 'tariffId' });
}
