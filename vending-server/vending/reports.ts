/** Shifts, batches and statements of a vendor, each with totals that follow from the movements of its float. */
import { StsFault } from '../../lib/faults.ts';
import type {
  BatchRecord,
  SaleSpan,
  SaleTotals,
  SaleTotalsRow,
  ShiftRecord,
} from '../store/money-contract.ts';
import type { Vending } from './context.ts';

export interface Totals {
  readonly all: SaleTotals;
  /** By tender, kind of sale and operator; '' where the till did not tell. They add up to `all`. */
  readonly rows: readonly SaleTotalsRow[];
}

const NOTHING: SaleTotals = {
  sales: 0,
  reversals: 0,
  paidMinor: 0,
  energyMinor: 0,
  taxMinor: 0,
  arrearsMinor: 0,
  chargesMinor: 0,
  feesMinor: 0,
  amountDeciKwh: 0,
  roundingMinor: 0,
};

const FIGURES = Object.keys(NOTHING) as readonly (keyof SaleTotals)[];

export function sumOf(rows: readonly SaleTotals[]): SaleTotals {
  const sum = { ...NOTHING };
  for (const row of rows) for (const figure of FIGURES) sum[figure] += row[figure];
  return sum;
}

export async function totalsOf({ store }: Pick<Vending, 'store'>, span: SaleSpan): Promise<Totals> {
  const rows = await store.money.saleTotals(span);
  return { all: sumOf(rows), rows };
}

export interface ShiftReport {
  readonly shift: ShiftRecord;
  readonly totals: Totals;
  /** What the drawer should hold of the shift: cash sold, as it was rounded to coins. */
  readonly expectedMinor: number;
  /** Cash counted less what is expected; null while the shift is open or nothing was counted. */
  readonly differenceMinor: number | null;
}

/** @throws StsFault `shift_open`, `request_id_reused`, `vendor_unknown`. */
export async function openShift(
  { store, clock }: Vending,
  request: Pick<ShiftRecord, 'shiftId' | 'vendorId' | 'operatorId' | 'tillId'>,
): Promise<{ readonly shift: ShiftRecord; readonly created: boolean }> {
  const result = await store.money.openShift({ ...request, openedAt: clock.now() });
  switch (result.kind) {
    case 'opened':
    case 'same':
      return { shift: result.shift, created: result.kind === 'opened' };
    case 'open_elsewhere':
      throw new StsFault('shift_open', result.shift.shiftId, { param: 'tillId' });
    case 'exists_with_different_request':
      throw new StsFault('request_id_reused', undefined, { param: 'shiftId' });
    case 'vendor_unknown':
      throw new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
  }
}

/** A closed shift stays as it was closed. @throws StsFault `shift_unknown`. */
export async function closeShift(
  vending: Vending,
  request: {
    readonly vendorId: string;
    readonly shiftId: string;
    readonly closedBy: string;
    readonly countedMinor: number | null;
  },
): Promise<ShiftReport> {
  const shift = await vending.store.money.closeShift({ ...request, at: vending.clock.now() });
  if (shift === undefined) throw shiftUnknown();
  return reportOf(vending, shift);
}

/** @throws StsFault `shift_unknown`. */
export async function shiftReport(vending: Vending, vendorId: string, shiftId: string): Promise<ShiftReport> {
  const shift = await vending.store.money.findShift(vendorId, shiftId);
  if (shift === undefined) throw shiftUnknown();
  return reportOf(vending, shift);
}

async function reportOf(vending: Vending, shift: ShiftRecord): Promise<ShiftReport> {
  const { vendorId, shiftId, countedMinor } = shift;
  const totals = await totalsOf(vending, { by: 'shift', vendorId, shiftId });
  const cash = sumOf(totals.rows.filter(({ tender }) => tender === 'cash'));
  const expectedMinor = cash.paidMinor + cash.roundingMinor;
  const differenceMinor = countedMinor === null ? null : countedMinor - expectedMinor;
  return { shift, totals, expectedMinor, differenceMinor };
}

export interface BatchReport {
  readonly batch: BatchRecord;
  readonly totals: Totals;
}

/** Takes all sales since the last batch of its kind. @throws StsFault `vendor_unknown`, `request_id_reused`, `batch_empty`. */
export async function closeBatch(
  vending: Vending,
  request: Pick<BatchRecord, 'batchId' | 'kind' | 'vendorId' | 'closedBy' | 'reference'>,
): Promise<BatchReport> {
  const result = await vending.store.money.closeBatch({ ...request, closedAt: vending.clock.now() });
  if (result === 'vendor_unknown') throw new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
  if (result === 'empty') throw new StsFault('batch_empty');
  if (result === 'exists_with_different_request') {
    throw new StsFault('request_id_reused', undefined, { param: 'batchId' });
  }
  return batchReport(vending, result);
}

export async function batchReport(vending: Pick<Vending, 'store'>, batch: BatchRecord): Promise<BatchReport> {
  const { vendorId, afterEntry: after, throughEntry: through } = batch;
  return { batch, totals: await totalsOf(vending, { by: 'entries', vendorId, after, through }) };
}

function shiftUnknown(): StsFault {
  return new StsFault('shift_unknown', undefined, { param: 'shiftId' });
}
