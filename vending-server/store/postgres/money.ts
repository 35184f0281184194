/** The vendors' money beside sales and deposits on PostgreSQL: changes of floats, shifts, batches, commission, day ends. */
import type { AccountBalance, PutResult } from '../contract.ts';
import type {
  BatchRecord,
  CommissionFigureRow,
  CommissionVersion,
  CreditLimitChange,
  DayEndRecord,
  DepositRecord,
  FloatChange,
  FloatChangeResult,
  FloatEntry,
  MinuteSales,
  MoneyStore,
  OpenShiftResult,
  SaleSpan,
  SaleTotalsRow,
  ShiftRecord,
} from '../money-contract.ts';
import { batchOf, dayEndOf, floatEntryOf, minuteSalesOf, saleTotalsOf, shiftOf } from '../money-rows.ts';
import type { PostgresAccess } from './access.ts';
import type { Ask, Row } from './connections.ts';
import { transferRows } from './sales.ts';

export class PostgresMoney implements MoneyStore {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  async findDeposit(vendorId: string, requestId: string): Promise<DepositRecord | undefined> {
    const [row] = await this.#access.query('findDepositRecord', [vendorId, requestId]);
    if (row === undefined) return undefined;
    const { amount_minor: amountMinor, reference, deposited_at: at, is_reversed: isReversed } = row;
    return { vendorId, requestId, amountMinor, reference, at, isReversed };
  }

  changeFloat(change: FloatChange): Promise<FloatChangeResult> {
    return this.#access.write(turnOf(change), (ask) => changeFloat(ask, change));
  }

  changeCreditLimit(change: CreditLimitChange) {
    return this.#access.write(turnOf(change), (ask) => changeCreditLimit(ask, change));
  }

  async floatEntries(vendorId: string, before: number | null, limit: number): Promise<readonly FloatEntry[]> {
    const rows = await this.#access.query('floatEntries', [vendorId, before ?? LAST, limit]);
    return rows.map(floatEntryOf);
  }

  async findFloatChange(
    kind: FloatChange['kind'],
    vendorId: string,
    reference: string,
  ): Promise<FloatEntry | undefined> {
    return findFloatChange(this.#access.query, { kind, vendorId, reference });
  }

  saleTotals(span: SaleSpan): Promise<readonly SaleTotalsRow[]> {
    return saleTotals(this.#access.query, span);
  }

  async salesByMinute(from: number, until: number): Promise<readonly MinuteSales[]> {
    return (await this.#access.query('salesByMinute', [from, until])).map(minuteSalesOf);
  }

  openShift(
    shift: Pick<ShiftRecord, 'shiftId' | 'vendorId' | 'operatorId' | 'tillId' | 'openedAt'>,
  ): Promise<OpenShiftResult> {
    return this.#access.write(turnOf(shift), async (ask): Promise<OpenShiftResult> => {
      const { vendorId, shiftId, operatorId, tillId } = shift;
      if ((await lockedFloat(ask, vendorId)) === undefined) return { kind: 'vendor_unknown' };
      const [row] = await ask('findShift', [vendorId, shiftId]);
      if (row !== undefined) {
        const held = shiftOf(row);
        const isSame = held.operatorId === operatorId && held.tillId === tillId;
        return isSame ? { kind: 'same', shift: held } : { kind: 'exists_with_different_request' };
      }
      const [open] = await ask('openShiftOf', [vendorId, tillId, operatorId]);
      if (open !== undefined) return { kind: 'open_elsewhere', shift: shiftOf(open) };
      await ask('openShift', [vendorId, shiftId, operatorId, tillId, shift.openedAt]);
      return { kind: 'opened', shift: { ...shift, closedAt: null, closedBy: null, countedMinor: null } };
    });
  }

  async closeShift(close: Parameters<MoneyStore['closeShift']>[0]): Promise<ShiftRecord | undefined> {
    const { vendorId, shiftId, at, closedBy, countedMinor } = close;
    await this.#access.query('closeShift', [vendorId, shiftId, at, closedBy, countedMinor]);
    return this.findShift(vendorId, shiftId);
  }

  async findShift(vendorId: string, shiftId: string): Promise<ShiftRecord | undefined> {
    const [row] = await this.#access.query('findShift', [vendorId, shiftId]);
    return row && shiftOf(row);
  }

  /** With the vendor's row locked no sale of his is under way: the batch takes all that has a number so far. */
  closeBatch(batch: Parameters<MoneyStore['closeBatch']>[0]) {
    return this.#access.write(turnOf(batch), async (ask) => {
      const { vendorId, kind, batchId, closedAt, closedBy, reference } = batch;
      if ((await lockedFloat(ask, vendorId)) === undefined) return 'vendor_unknown' as const;
      const [held] = await ask('findBatch', [vendorId, kind, batchId]);
      if (held !== undefined) {
        return held.reference === reference ? batchOf(held) : ('exists_with_different_request' as const);
      }
      const afterEntry: number = (await ask('lastBatch', [vendorId, kind]))[0].through;
      const throughEntry: number = (await ask('lastFloatEntry', [vendorId]))[0].last;
      const span = { by: 'entries', vendorId, after: afterEntry, through: throughEntry } as const;
      if ((await saleTotals(ask, span)).length === 0) return 'empty' as const;
      const what = [vendorId, kind, batchId, closedAt, closedBy];
      await ask('addBatch', [...what, afterEntry, throughEntry, reference]);
      return { ...batch, afterEntry, throughEntry };
    });
  }

  async findBatch(
    vendorId: string,
    kind: BatchRecord['kind'],
    batchId: string,
  ): Promise<BatchRecord | undefined> {
    const [row] = await this.#access.query('findBatch', [vendorId, kind, batchId]);
    return row && batchOf(row);
  }

  async batches(
    vendorId: string,
    kind: BatchRecord['kind'],
    before: number | null,
    limit: number,
  ): Promise<readonly BatchRecord[]> {
    return (await this.#access.query('batches', [vendorId, kind, before ?? LAST, limit])).map(batchOf);
  }

  putCommission(version: CommissionVersion): Promise<PutResult | 'vendor_unknown'> {
    return this.#access.write(turnOf(version), (ask) => putCommission(ask, version));
  }

  findCommission(vendorId: string): Promise<readonly CommissionVersion[]> {
    return commissions(this.#access.query, vendorId);
  }

  async commissionFigures(vendorId: string, from: number, until: number): Promise<CommissionFigureRow> {
    const [row] = await this.#access.query('commissionFigures', [vendorId, from, until]);
    return {
      amountDeciKwh: row.amount_deci_kwh,
      arrearsMinor: row.arrears_minor,
      magneticTokens: row.magnetic_tokens,
      freeBasicTokens: row.free_basic_tokens,
    };
  }

  async accountsBetween(from: number, until: number): Promise<readonly AccountBalance[]> {
    const rows = await this.#access.query('accountsBetween', [from, until]);
    return rows.map((row) => ({
      account: row.account,
      debitMinor: row.debit_minor,
      creditMinor: row.credit_minor,
    }));
  }

  async findDayEnd(day: string): Promise<DayEndRecord | undefined> {
    return dayEndOf((await this.#access.query('findDayEnd', [day]))[0]);
  }

  async lastDayEnd(): Promise<DayEndRecord | undefined> {
    return dayEndOf((await this.#access.query('lastDayEnd'))[0]);
  }

  async closeDay(record: DayEndRecord): Promise<DayEndRecord> {
    const { day, closedAt, closedBy, figures } = record;
    await this.#access.query('addDayEnd', [day, closedAt, closedBy, figures]);
    return (await this.findDayEnd(day)) ?? record;
  }
}

const LAST = Number.MAX_SAFE_INTEGER;

/** Inside a transaction. */
export async function changeFloat(ask: Ask, change: FloatChange): Promise<FloatChangeResult> {
  const { kind, vendorId, reference, amountMinor, at, transfers } = change;
  const vendor = await lockedFloat(ask, vendorId);
  const held = await findFloatChange(ask, change);
  if (held !== undefined) return { kind: 'exists', floatMinor: held.balanceMinor };
  if (vendor === undefined) return { kind: 'vendor_unknown' };
  // Money that a sale of this moment has claimed, on whatever server, is not there to be taken.
  const floatMinor = vendor.floatMinor + amountMinor;
  const available = floatMinor + vendor.creditLimitMinor - vendor.reservedMinor;
  if (amountMinor < 0 && available < 0) return { kind: 'float_exhausted', floatMinor: vendor.floatMinor };
  if (floatMinor > Number.MAX_SAFE_INTEGER) return { kind: 'float_too_large' };
  await ask('moveFloat', [vendorId, amountMinor]);
  await ask('addFloatEntry', [vendorId, kind, reference, at, amountMinor, floatMinor]);
  const booked = JSON.stringify(transferRows(transfers));
  await ask('addTransfers', [`${kind} ${vendorId} ${reference}`, booked, at]);
  return { kind: 'recorded', floatMinor };
}

/** Inside a transaction. */
export async function changeCreditLimit(ask: Ask, { vendorId, fromMinor, toMinor }: CreditLimitChange) {
  const vendor = await lockedFloat(ask, vendorId);
  if (vendor === undefined) return 'vendor_unknown' as const;
  if (vendor.creditLimitMinor === toMinor) return 'changed' as const;
  if (vendor.creditLimitMinor !== fromMinor) return 'changed_meanwhile' as const;
  if (vendor.floatMinor - vendor.reservedMinor < -toMinor) return 'below_float' as const;
  await ask('setCreditLimit', [vendorId, toMinor]);
  return 'changed' as const;
}

/** Inside a transaction. */
export async function putCommission(
  ask: Ask,
  { vendorId, fromMonth, terms }: CommissionVersion,
): Promise<PutResult | 'vendor_unknown'> {
  if ((await lockedFloat(ask, vendorId)) === undefined) return 'vendor_unknown';
  const held = (await commissions(ask, vendorId)).find((version) => version.fromMonth === fromMonth);
  if (held !== undefined) return held.terms === terms ? 'same' : 'exists';
  await ask('addCommission', [vendorId, fromMonth, terms]);
  return 'created';
}

interface LockedFloat {
  readonly floatMinor: number;
  readonly creditLimitMinor: number;
  /** What claims of this moment have spoken for, on all servers. */
  readonly reservedMinor: number;
}

/** Whatever is changed for a vendor is changed with his row locked, as his sales are recorded. */
async function lockedFloat(ask: Ask, vendorId: string): Promise<LockedFloat | undefined> {
  const [row] = await ask('lockFloat', [vendorId]);
  return (
    row && {
      floatMinor: row.float_minor,
      creditLimitMinor: row.credit_limit_minor,
      reservedMinor: row.reserved_minor,
    }
  );
}

async function findFloatChange(
  ask: Ask,
  { kind, vendorId, reference }: Pick<FloatChange, 'kind' | 'vendorId' | 'reference'>,
): Promise<FloatEntry | undefined> {
  const [row] = await ask('findFloatChange', [kind, vendorId, reference]);
  return row && floatEntryOf(row);
}

async function saleTotals(ask: Ask, span: SaleSpan): Promise<readonly SaleTotalsRow[]> {
  return (await totalsRows(ask, span)).map(saleTotalsOf);
}

function totalsRows(ask: Ask, span: SaleSpan): Promise<readonly Row[]> {
  switch (span.by) {
    case 'entries':
      return ask('totalsByEntries', [span.vendorId, span.after, span.through]);
    case 'shift':
      return ask('totalsByShift', [span.vendorId, span.shiftId]);
    case 'time':
      return span.vendorId === null
        ? ask('totalsByTime', [span.from, span.until])
        : ask('totalsByTimeOfVendor', [span.vendorId, span.from, span.until]);
  }
}

async function commissions(ask: Ask, vendorId: string): Promise<readonly CommissionVersion[]> {
  const rows = await ask('commissions', [vendorId]);
  return rows.map((row) => ({ vendorId, fromMonth: row.from_month, terms: row.terms }));
}

function turnOf({ vendorId }: { readonly vendorId: string }): string {
  return `vendor ${vendorId}`;
}
