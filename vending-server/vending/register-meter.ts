/** Registers a meter: its number, how its decoder key is derived, and its tariff. */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { MeterRecord } from '../store/contract.ts';
import type { Vending } from './context.ts';

export interface MeterRequest extends Omit<MeterRecord, 'meterPan' | 'drn' | keyof typeof UNSAID> {
  /** DRN of 11 or 13 digits or MeterPAN of 18. */
  readonly meter: string;
  /** TCT; a keypad when absent. */
  readonly tokenCarrierType?: number | undefined;
  /** KEN, for whoever knows the meter better than its vending key tells. */
  readonly keyExpiry?: number | null | undefined;
  readonly storesSupplyGroup?: boolean | undefined;
}

const UNSAID = {
  tokenCarrierType: 2,
  keyExpiry: null,
  storesSupplyGroup: false,
  wantedKey: null,
  issuedKeyChange: null,
  replacedBy: null,
  replaces: null,
} as const;

/**
 * @returns the record and whether it is new; registering the same again changes nothing.
 * @throws StsFault `meter_number_malformed`, `meter_number_check_digit`, `algorithm_not_supported` (EA11 has only DKGA04
 *   keys, sts.md 6.4), `tariff_unknown`, `meter_exists`.
 */
export async function registerMeter(
  { store }: Vending,
  request: MeterRequest,
): Promise<{ created: boolean; meter: MeterRecord }> {
  const { meter: number, tokenCarrierType, keyExpiry, storesSupplyGroup, ...attributes } = request;
  const { meterPan, drn } = parseMeterNumber(number);
  if (request.encryptionAlgorithm === 11 && request.decoderKeyAlgorithm !== 4) {
    throw new StsFault('algorithm_not_supported', 'EA11 takes its keys from DKGA04', {
      param: 'decoderKeyAlgorithm',
    });
  }
  if ((await store.findTariff(request.tariffId)).length === 0) {
    throw new StsFault('tariff_unknown', undefined, { param: 'tariffId' });
  }
  const meter: MeterRecord = {
    meterPan,
    drn,
    ...attributes,
    ...UNSAID,
    tokenCarrierType: tokenCarrierType ?? UNSAID.tokenCarrierType,
    keyExpiry: keyExpiry ?? UNSAID.keyExpiry,
    storesSupplyGroup: storesSupplyGroup ?? UNSAID.storesSupplyGroup,
  };
  const result = await store.putMeter(meter);
  if (result === 'exists') throw new StsFault('meter_exists', undefined, { param: 'meter' });
  return { created: result === 'created', meter };
}

/** @throws StsFault `meter_number_malformed`, `meter_number_check_digit`, `meter_unknown`. */
export async function findMeter({ store }: Pick<Vending, 'store'>, number: string): Promise<MeterRecord> {
  const meter = await store.findMeter(parseMeterNumber(number).meterPan);
  if (meter === undefined) throw new StsFault('meter_unknown', undefined, { param: 'meter' });
  return meter;
}
