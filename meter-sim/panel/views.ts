/** The panel's answers as JSON: energy as integer mWh and as exact decimal kWh, never a float. */
import { BigNumber } from 'bignumber.js';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { ENTRY_CODES, type EntryOutcome } from '../firmware/outcome.ts';
import type { MeterStatus } from './host.ts';

const MILLI_WH_PER_DECI_KWH = 100_000;

/** @returns exact decimal kWh: 1 mWh is 0.000001 kWh. */
export function kilowattHours(milliWh: number): string {
  return new BigNumber(milliWh).shiftedBy(-6).toFixed();
}

export function outcomeView(outcome: EntryOutcome): Record<string, unknown> {
  const { stage, result } = outcome;
  const view = { stage, result, code: ENTRY_CODES[result] };
  if (outcome.result === 'Accept') {
    const creditedMilliWh = outcome.creditDeciKwh * MILLI_WH_PER_DECI_KWH;
    return { ...view, creditedMilliWh, creditedKwh: kilowattHours(creditedMilliWh) };
  }
  return outcome.result === 'Lockout' ? { ...view, lockedUntil: isoTime(outcome.untilSeconds) } : view;
}

export function meterView(status: MeterStatus): Record<string, unknown> {
  const { readings } = status;
  return {
    drn: parseMeterNumber(status.meterPan).drn,
    meterPan: status.meterPan,
    powered: status.powered,
    mainsOn: status.mainsOn,
    loadWatts: status.loadWatts,
    simulatedTime: isoTime(status.simulatedEpochSeconds),
    speed: status.speed,
    status: readings?.status ?? 'off',
    display: readings?.display ?? { text: '', icons: [] },
    balanceMilliWh: readings?.creditMilliWh ?? null,
    balanceKwh: readings === undefined ? null : kilowattHours(readings.creditMilliWh),
    totalMilliWh: readings?.totalMilliWh ?? null,
    totalKwh: readings === undefined ? null : kilowattHours(readings.totalMilliWh),
    relay: readings?.relay ?? null,
    voltageMilliVolt: readings?.voltageMilliVolt ?? null,
    currentMilliAmp: readings?.currentMilliAmp ?? null,
    powerMilliWatt: readings?.powerMilliWatt ?? null,
    lastResult: readings?.lastResult === undefined ? null : outcomeView(readings.lastResult),
    lockedUntil:
      readings === undefined || readings.lockedUntilSeconds === 0
        ? null
        : isoTime(readings.lockedUntilSeconds),
  };
}

function isoTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
