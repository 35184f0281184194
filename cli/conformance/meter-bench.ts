/** The meters of one adapter session: handles to plain states of `lib/meter`, each replaced whole by `enterToken`. */
import { decimalText } from '../../lib/decimal.ts';
import { StsFault } from '../../lib/faults.ts';
import { DEFAULT_METER_CONFIGURATION } from '../../lib/meter/configuration.ts';
import { enterToken } from '../../lib/meter/enter-token.ts';
import { isLocked } from '../../lib/meter/lockout.ts';
import { type MeterFactorySettings, type MeterState, newMeterState } from '../../lib/meter/state.ts';

/** Meters that one session may hold; a run that needs more starts another session. */
const METER_LIMIT = 10_000;
/** Time is credited in whole tenths of a minute. */
const SECOND_PER_DECI_MINUTE = 6;

export class MeterBench {
  private readonly states = new Map<string, MeterState>();

  /** @param tidMemory - what the slots hold; the rest are zeros. @returns the handle of a new meter. */
  add(settings: MeterFactorySettings, tidMemory: readonly number[] = []): string {
    if (this.states.size >= METER_LIMIT) {
      throw new StsFault('request_too_large', `a session holds at most ${METER_LIMIT} meters`);
    }
    const { tidMemorySize } = DEFAULT_METER_CONFIGURATION;
    if (tidMemory.length > tidMemorySize) {
      throw new RangeError(`"tidMemory" expected at most ${tidMemorySize} values, got ${tidMemory.length}`);
    }
    const made = newMeterState(settings);
    const meter = `meter-${this.states.size + 1}`;
    this.states.set(meter, { ...made, tidMemory: made.tidMemory.map((zero, i) => tidMemory[i] ?? zero) });
    return meter;
  }

  /** @param at - seconds since the meter was made. @throws StsFault `meter_unknown`. */
  enter(meter: string, tokenNo: string, at: number): object {
    const before = this.states.get(meter);
    if (before === undefined) {
      throw new StsFault('meter_unknown', 'this session has no such handle', { param: 'meter' });
    }
    const { outcome, state } = enterToken(before, tokenNo, at);
    this.states.set(meter, state);
    return { result: outcome.result, credit: creditOf(state), state: summaryOf(state, at) };
  }
}

/** The registers as decimal text: kWh, m3, minutes, units of the currency. */
export function creditOf({ creditMilliWh, extension }: MeterState): Record<string, string> {
  const money = extension.currencyHundredThousandth;
  return {
    electricity: decimalText(creditMilliWh, 6),
    water: decimalText(extension.waterLitre, 3),
    gas: decimalText(extension.gasLitre, 3),
    time: decimalText(extension.timeSecond / SECOND_PER_DECI_MINUTE, 1),
    currencyElectricity: decimalText(money.electricity, 5),
    currencyWater: decimalText(money.water, 5),
    currencyGas: decimalText(money.gas, 5),
    currencyTime: decimalText(money.time, 5),
  };
}

/**
 * What a meter shows of itself; the decoder key and the stored sections of another are not among it.
 * @param at - the time of asking: a lockout or a partial key change that has run out is no longer there.
 */
export function summaryOf(state: MeterState, at: number): Record<string, unknown> {
  const { extension, lockout } = state;
  const { keyChange } = extension;
  const { keyChangeTimeoutSeconds } = DEFAULT_METER_CONFIGURATION;
  const isKept = keyChange !== undefined && at - keyChange.lastSeconds <= keyChangeTimeoutSeconds;
  return {
    keyType: state.keyType,
    keyRevision: state.keyRevision,
    keyExpiry: state.keyExpiry,
    supplyGroupCode: state.supplyGroupCode,
    tariffIndex: state.tariffIndex,
    baseDate: state.baseDate,
    tidMemory: state.tidMemory,
    lockedUntil: isLocked(lockout, at) ? lockout.untilSeconds : 0,
    maximumPowerWatt: extension.maximumPowerWatt ?? null,
    maximumPhaseUnbalanceWatt: extension.maximumPhaseUnbalanceWatt ?? null,
    tariffRateRaw: extension.tariffRateRaw ?? null,
    waterFactorRaw: extension.waterFactorRaw ?? null,
    flags: extension.flags,
    controls: extension.controls,
    keyChangeSections: isKept ? keyChange.sections.length : 0,
  };
}
