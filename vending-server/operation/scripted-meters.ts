/**
 * Meters of a sandbox that end every sale in a known way, one for each outcome that a vendor's software must be able to
 * live with. They stand before the use case and use its own faults; what they sell is sold for real, with tokens of the
 * sandbox's key. The table in `vending-server/README.md` is held to this one by a test.
 */
import { type FaultCode, isStsFault, StsFault } from '../../lib/faults.ts';
import { luhnDigit } from '../../lib/identity/luhn.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { TariffTerms } from '../tariff/terms.ts';
import { answerLost } from '../vending/advice.ts';
import type { Vending } from '../vending/context.ts';
import { putTariff } from '../vending/put-tariff.ts';
import { registerMeter } from '../vending/register-meter.ts';
import { type SaleAnswer, type SaleRequest, sell } from '../vending/sell.ts';

export type Script =
  | { readonly does: 'sells' }
  /** Sells after a pause. */
  | { readonly does: 'sellsSlowly'; readonly seconds: number }
  /** Sells, and loses the first answer on the way: the same request again finds the sale. */
  | { readonly does: 'losesAnswer'; readonly code: FaultCode }
  /** Sells nothing at the first attempt of a request id, and sells at the next. */
  | { readonly does: 'failsOnce'; readonly code: FaultCode }
  /** Never sells. */
  | { readonly does: 'refuses'; readonly code: FaultCode };

export interface ScriptedMeter {
  /** 11 digits. */
  readonly drn: string;
  readonly script: Script;
}

const refuses = (code: FaultCode): Script => ({ does: 'refuses', code });

/** In the order of their serial numbers, which are API: a new script goes to the end. */
const SCRIPTS: readonly Script[] = [
  { does: 'sells' },
  { does: 'sellsSlowly', seconds: 3 },
  { does: 'losesAnswer', code: 'internal_error' },
  { does: 'losesAnswer', code: 'request_timed_out' },
  { does: 'failsOnce', code: 'security_module_unavailable' },
  { does: 'failsOnce', code: 'store_unavailable' },
  { does: 'failsOnce', code: 'service_not_ready' },
  { does: 'failsOnce', code: 'rate_limited' },
  refuses('meter_unknown'),
  refuses('tariff_unknown'),
  refuses('tariff_not_in_force'),
  refuses('look_up_code_wrong'),
  refuses('currency_mismatch'),
  refuses('payment_too_small'),
  refuses('payment_too_large'),
  refuses('operation_unsupported'),
  refuses('date_out_of_range'),
  refuses('float_exhausted'),
  refuses('tid_ahead_of_clock'),
  refuses('vending_key_unknown'),
  refuses('vending_key_not_active'),
  refuses('vending_key_no_credit'),
  refuses('key_expired'),
  refuses('amount_out_of_range'),
  refuses('clock_set_back'),
  refuses('store_damaged'),
  refuses('key_type_not_supported'),
  refuses('vending_key_issue_ended'),
  refuses('token_carrier_not_allowed'),
  refuses('subclass_not_allowed'),
  refuses('base_date_ended'),
  refuses('tid_outside_clock_window'),
  refuses('unit_limit_exceeded'),
  refuses('currency_limit_exceeded'),
  refuses('key_change_not_allowed'),
  refuses('supply_group_not_permitted'),
  refuses('limit_reached'),
  refuses('hours_closed'),
  refuses('request_withdrawn'),
  refuses('meter_changed_out'),
];

/** Manufacturer 99 and serial numbers from 1: no meter maker has them. */
export const SCRIPTED_METERS: readonly ScriptedMeter[] = SCRIPTS.map((script, index) => {
  const body = `99${String(index + 1).padStart(8, '0')}`;
  return { drn: body + luhnDigit(body), script };
});

const BY_DRN = new Map(SCRIPTED_METERS.map(({ drn, script }) => [drn, script]));

/** First attempts remembered at once; older ones fail once more. */
const ATTEMPTS_MAX = 10_000;

/** @param wait - resolves after so many milliseconds. */
export function scriptedSell(wait: (millis: number) => Promise<void>): typeof sell {
  const attempted = new Set<string>();
  const isFirst = ({ vendorId, requestId }: SaleRequest): boolean => {
    const name = JSON.stringify([vendorId, requestId]);
    if (attempted.has(name)) return false;
    if (attempted.size >= ATTEMPTS_MAX) attempted.clear();
    attempted.add(name);
    return true;
  };
  return async (vending: Vending, request: SaleRequest): Promise<SaleAnswer> => {
    const script = scriptOf(request.meter) ?? { does: 'sells' };
    switch (script.does) {
      case 'refuses':
        throw new StsFault(script.code);
      case 'failsOnce':
        if (isFirst(request)) throw new StsFault(script.code);
        return sell(vending, request);
      case 'losesAnswer': {
        const answer = await sell(vending, request);
        if (answer.replayed) return answer;
        // A late answer goes nowhere; of a broken one nobody knows.
        if (script.code === 'request_timed_out') await answerLost(vending, answer.sale.saleId);
        throw new StsFault(script.code);
      }
      case 'sellsSlowly':
        await wait(script.seconds * 1000);
        return sell(vending, request);
      case 'sells':
        return sell(vending, request);
    }
  };
}

/** A number that is none is the use case's to refuse. */
function scriptOf(meter: string): Script | undefined {
  try {
    return BY_DRN.get(parseMeterNumber(meter).drn);
  } catch (error) {
    if (isStsFault(error)) return undefined;
    throw error;
  }
}

export const SCRIPTED_TARIFF_ID = 'scripted';

const TERMS: TariffTerms = {
  currency: 'ZAR',
  timeZone: 'UTC',
  vatRate: '0.15',
  pricesIncludeVat: false,
  energy: { kind: 'flat', pricePerKwh: '2.0000' },
  fixedCharges: [],
  paymentFeeMinor: 0,
  freeUnitsDeciKwh: 0,
  freeUnitsFillBlocks: false,
  deductionOrder: ['paymentFee', 'arrears', 'fixedCharges'],
  deductionShare: '1',
  takesPaymentWithoutEnergy: false,
  energyRounding: 'carry',
  taxRounding: 'nearest',
  minimumMinor: 100,
  maximumMinor: 1_000_000,
};

/**
 * Registers every scripted meter but the unknown one, under the first vending key that may sell, so that look-up and trial
 * answer for them too.
 * @returns how many; 0 when the key store holds no such key.
 */
export async function registerScriptedMeters(vending: Vending): Promise<number> {
  const keys = await vending.securityModule.vendingKeys();
  const key = keys.find(({ keyType }) => keyType === 1 || keyType === 2);
  if (key === undefined) return 0;
  await putTariff(vending, { tariffId: SCRIPTED_TARIFF_ID, terms: TERMS });
  const { supplyGroupCode, keyRevision, keyType, baseDate, decoderKeyAlgorithm } = key;
  const known = SCRIPTED_METERS.filter(
    ({ script }) => !('code' in script) || script.code !== 'meter_unknown',
  );
  await Promise.all(
    known.map(({ drn }) =>
      registerMeter(vending, {
        meter: drn,
        encryptionAlgorithm: decoderKeyAlgorithm === 4 ? 11 : 7,
        decoderKeyAlgorithm,
        supplyGroupCode,
        tariffIndex: 1,
        keyRevision,
        keyType,
        baseDate,
        tariffId: SCRIPTED_TARIFF_ID,
      }).catch(ignoreRegistered),
    ),
  );
  return known.length;
}

/** Registered by an earlier start under another key: it stays so. */
function ignoreRegistered(error: unknown): void {
  if (!isStsFault(error) || error.code !== 'meter_exists') throw error;
}
