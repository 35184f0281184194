/** Keys of meters beside sales, in SQLite. */
import type { Statement } from 'better-sqlite3';
import type { MeterKeyName, VendClaim } from '../contract.ts';
import type { KeyChangeRecord, KeyStore, MeterChange, MeterKeys } from '../key-contract.ts';
import {
  type HeldKeysRow,
  heldKeysOf,
  type KeyChangeRow,
  keyChangeOf,
  type MeterKeysRow,
  meterKeysOf,
} from '../key-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';
import type { SqliteSales } from './sales.ts';
import { METER_COLUMNS, type Statements } from './statements.ts';

const CHANGES = `
  SELECT k.sale_id, k.meter_pan, k.changed_at, k.from_key, k.to_key, k.three_sections, s.vendor_id,
    json_extract(s.response_body, '$.operator') AS operator_id, k.confirmed_at, k.confirmed_by, k.revoked_at, k.revoked_by,
    k.previous_sale_id, h.last_sale_id
  FROM key_change AS k JOIN sale AS s ON s.sale_id = k.sale_id LEFT JOIN meter_history AS h ON h.meter_pan = k.meter_pan`;
/** The place of a set among those of its meter. */
const PLACE = 'coalesce(k.meter_version, -1), k.changed_at, k.sale_id';
const NEWEST_FIRST = 'ORDER BY coalesce(k.meter_version, -1) DESC, k.changed_at DESC, k.sale_id DESC';
const metersWhere = (rule: string) => `
  SELECT ${METER_COLUMNS.replaceAll(/\b(\w+)\b/g, 'm.$1')}, h.last_at, c.sale_id, c.changed_at, c.confirmed_at
  FROM meter AS m LEFT JOIN meter_history AS h ON h.meter_pan = m.meter_pan
  LEFT JOIN key_change AS c ON c.sale_id = (
    SELECT k.sale_id FROM key_change AS k WHERE k.meter_pan = m.meter_pan AND k.revoked_at IS NULL ${NEWEST_FIRST} LIMIT 1)
  WHERE ${rule} AND m.meter_pan > :after ORDER BY m.meter_pan LIMIT :limit`;

const SQL = {
  confirm: `UPDATE key_change SET confirmed_at = ?, confirmed_by = ? WHERE sale_id = ? AND confirmed_at IS NULL`,
  revoke: `UPDATE key_change SET revoked_at = ?, revoked_by = ? WHERE sale_id = ? AND revoked_at IS NULL`,
  find: `${CHANGES} WHERE k.sale_id = ?`,
  page: `${CHANGES} WHERE k.meter_pan = ? ${NEWEST_FIRST} LIMIT ?`,
  pageBefore: `${CHANGES} WHERE k.meter_pan = ? AND (${PLACE}) < (
      SELECT ${PLACE} FROM key_change AS k WHERE k.sale_id = ?) ${NEWEST_FIRST} LIMIT ?`,
  held: 'SELECT DISTINCT meter_pan, from_key, to_key FROM key_change WHERE meter_pan = ? AND revoked_at IS NULL',
  meters: metersWhere('true'),
  metersOfGroup: metersWhere('m.supply_group_code = :supplyGroupCode'),
} as const;

export interface KeyParts {
  readonly sql: Statements;
  readonly sales: SqliteSales;
  /** A change, and what is done right after its commit. */
  readonly write: (change: () => void, committed: () => void) => Promise<void>;
}

export class SqliteKeys implements KeyStore {
  readonly #access: SqliteAccess;
  readonly #parts: KeyParts;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess, parts: KeyParts) {
    this.#access = access;
    this.#parts = parts;
    this.#sql = prepareAll(access.database, SQL);
  }

  async changeMeter(claim: VendClaim, change: MeterChange): Promise<void> {
    const { write } = this.#parts;
    const { claims } = this.#parts.sales;
    claims.startRecording(claim);
    try {
      await write(
        () => this.#change(change),
        () => claims.recorded(claim),
      );
    } catch (error) {
      claims.stopRecording(claim);
      throw error;
    }
  }

  findKeyChange(saleId: string): Promise<KeyChangeRecord | undefined> {
    return this.#access.read(() => {
      const row = this.#sql.find.get(saleId) as KeyChangeRow | undefined;
      return row && keyChangeOf(row);
    });
  }

  keyChanges(meterPan: string, before: string | null, limit: number): Promise<readonly KeyChangeRecord[]> {
    return this.#access.read(() => {
      const rows =
        before === null
          ? this.#sql.page.all(meterPan, limit)
          : this.#sql.pageBefore.all(meterPan, before, limit);
      return (rows as KeyChangeRow[]).map(keyChangeOf);
    });
  }

  keysHeld(meterPans: readonly string[]): Promise<ReadonlyMap<string, readonly MeterKeyName[]>> {
    return this.#access.read(() =>
      heldKeysOf(meterPans.flatMap((meterPan) => this.#sql.held.all(meterPan) as HeldKeysRow[])),
    );
  }

  async meterKeys({
    supplyGroupCode,
    after,
    limit,
  }: Parameters<KeyStore['meterKeys']>[0]): Promise<readonly MeterKeys[]> {
    await nextTurn();
    return this.#access.read(() => {
      const rows =
        supplyGroupCode === null
          ? this.#sql.meters.all({ after, limit })
          : this.#sql.metersOfGroup.all({ supplyGroupCode, after, limit });
      return (rows as MeterKeysRow[]).map(meterKeysOf);
    });
  }

  #change({ meter, verdict }: MeterChange): void {
    this.#parts.sales.setMeter(meter);
    this.#parts.sql.raiseVersion.run(meter.meterPan);
    if (verdict === undefined) return;
    const { kind, saleIds, at, by } = verdict;
    const statement = kind === 'confirmed' ? this.#sql.confirm : this.#sql.revoke;
    for (const saleId of saleIds) statement.run(at, by, saleId);
  }
}

/** A look in the calling turn would come before the commit that sales of this turn wait for. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
