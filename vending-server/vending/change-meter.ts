/**
 * A meter's record changed by hand, under a claim like that of a sale: no sale to the meter is under way meanwhile, and one
 * that was reckoned with the record before is reckoned again.
 */
import { StsFault } from '../../lib/faults.ts';
import type { MeterRecord, VendClaim } from '../store/contract.ts';
import type { MeterChange } from '../store/key-contract.ts';
import type { Vending } from './context.ts';
import { HOUSE_ID } from './house.ts';

/** What becomes of a meter, and what the asker is told of it. */
export interface Decision<Told> {
  /** Absent where everything is as it should be already. */
  readonly change?: MeterChange;
  readonly told: Told;
}

/**
 * @param decide - reads only; asked again when the meter has changed in between.
 * @throws StsFault `meter_unknown`, those of `decide`, then the faults of the store.
 */
export async function changeMeter<Told>(
  vending: Pick<Vending, 'store' | 'clock' | 'random'>,
  meterPan: string,
  decide: (meter: MeterRecord, now: number) => Promise<Decision<Told>>,
): Promise<Told> {
  const { store } = vending;
  for (;;) {
    const { meter, purchases } = await store.viewForSale({ vendorId: HOUSE_ID, meterPan });
    if (meter === undefined) throw new StsFault('meter_unknown', undefined, { param: 'meter' });
    const { change, told } = await decide(meter, vending.clock.now());
    if (change === undefined) return told;
    const claim = await claimMeter(vending, meter, purchases.version);
    if (claim === undefined) continue;
    try {
      await store.keys.changeMeter(claim, change);
      return told;
    } catch (error) {
      store.releaseClaim(claim);
      throw error;
    }
  }
}

/** @returns undefined when the meter has changed, or was being sold to: look again. */
async function claimMeter(
  { store, random }: Pick<Vending, 'store' | 'random'>,
  { meterPan, baseDate }: MeterRecord,
  purchasesVersion: number,
): Promise<VendClaim | undefined> {
  const requestId = `meter-${Buffer.from(random.bytes(16)).toString('hex')}`;
  const result = await store.claimVend({
    vendorId: HOUSE_ID,
    requestId,
    requestHash: NO_REQUEST,
    meterPan,
    paidMinor: 0,
    purchasesVersion,
    tidCount: 0,
    baseDate,
    nowTidMinutes: 0,
    maxTidMinutes: 0,
  });
  switch (result.kind) {
    case 'claimed':
      return result.claim;
    case 'in_progress':
      await result.settled;
      return undefined;
    case 'purchases_changed':
      return undefined;
    case 'meter_unknown':
    case 'vendor_unknown':
      throw new StsFault(result.kind);
    default:
      throw new StsFault('internal_error', `a claim without money and without a request is ${result.kind}`);
  }
}

/** Nothing is recorded under the id of such a claim. */
const NO_REQUEST = '0'.repeat(64);
