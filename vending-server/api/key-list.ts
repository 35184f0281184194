/** Meters by the state of their key, as they are printed: the same row as JSON and as a line of CSV. */
import type { JudgedMeter } from '../vending/key-report.ts';
import { iso } from './time.ts';

export function meterRowOf({ meter, state, refusal, planned, lastPurchaseAt, lastChange }: JudgedMeter) {
  const { drn, meterPan, wantedKey, decoderKeyAlgorithm, supplyGroupCode, tariffIndex } = meter;
  const { keyRevision, keyType, baseDate, keyExpiry } = meter;
  return {
    drn,
    meterPan,
    state,
    refusal,
    key: { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, keyExpiry },
    wantedKey,
    planned:
      planned === null
        ? null
        : {
            to: planned.to,
            sections: planned.sectionCount,
            rollOver: planned.rollOver,
            reasons: planned.reasons,
          },
    lastPurchaseAt: lastPurchaseAt === null ? null : iso(lastPurchaseAt),
    lastChange:
      lastChange === null
        ? null
        : {
            saleId: lastChange.saleId,
            changedAt: iso(lastChange.changedAt),
            isConfirmed: lastChange.confirmedAt !== null,
          },
  };
}

type Row = ReturnType<typeof meterRowOf>;
type Field = string | number | boolean | null | undefined;

/** The columns in their order, which is API: a new one goes to the end. */
const COLUMNS: readonly (readonly [name: string, field: (row: Row) => Field])[] = [
  ['drn', ({ drn }) => drn],
  ['meterPan', ({ meterPan }) => meterPan],
  ['state', ({ state }) => state],
  ['refusal', ({ refusal }) => refusal],
  ['supplyGroupCode', ({ key }) => key.supplyGroupCode],
  ['tariffIndex', ({ key }) => key.tariffIndex],
  ['keyRevision', ({ key }) => key.keyRevision],
  ['keyType', ({ key }) => key.keyType],
  ['baseDate', ({ key }) => key.baseDate],
  ['decoderKeyAlgorithm', ({ key }) => key.decoderKeyAlgorithm],
  ['plannedSupplyGroupCode', ({ planned }) => planned?.to.supplyGroupCode],
  ['plannedTariffIndex', ({ planned }) => planned?.to.tariffIndex],
  ['plannedKeyRevision', ({ planned }) => planned?.to.keyRevision],
  ['plannedKeyType', ({ planned }) => planned?.to.keyType],
  ['plannedBaseDate', ({ planned }) => planned?.to.baseDate],
  ['plannedDecoderKeyAlgorithm', ({ planned }) => planned?.to.decoderKeyAlgorithm],
  ['sections', ({ planned }) => planned?.sections],
  ['rollOver', ({ planned }) => planned?.rollOver],
  ['lastPurchaseAt', ({ lastPurchaseAt }) => lastPurchaseAt],
  ['changedAt', ({ lastChange }) => lastChange?.changedAt],
  ['changeSaleId', ({ lastChange }) => lastChange?.saleId],
];

/** RFC 4180, with a head; no field has anything that would need quotes. */
export function csvOf(meters: readonly JudgedMeter[]): string {
  const lines = meters.map((meter) => {
    const row = meterRowOf(meter);
    return COLUMNS.map(([, field]) => String(field(row) ?? '')).join(',');
  });
  return `${[COLUMNS.map(([name]) => name).join(','), ...lines].join('\r\n')}\r\n`;
}
