/**
 * What the store keeps of the keys of meters beside sales: every key change with what became of it, and changes of a meter's
 * record by hand. Times are milliseconds since 1970 UTC.
 */
import type { MeterKeyName, MeterRecord, VendClaim } from './contract.ts';

/** A key-change set that was issued, and what is known of the meter since. */
export interface KeyChangeRecord {
  readonly saleId: string;
  readonly meterPan: string;
  readonly changedAt: number;
  readonly from: MeterKeyName;
  readonly to: MeterKeyName;
  readonly threeSections: boolean;
  readonly vendorId: string;
  /** Who stood at the till; null where the till did not tell. */
  readonly operatorId: string | null;
  /** Who has seen that the meter holds its new key. */
  readonly confirmedAt: number | null;
  readonly confirmedBy: string | null;
  /** Who has seen that it still holds the one before. */
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
  /** The sale to this meter before this one; null for the first, and where it is not known. */
  readonly previousSaleId: string | null;
  /** The last sale to this meter: nothing was issued since where it is this one. */
  readonly lastSaleId: string | null;
}

/** A change of a meter's record that is no sale. */
export interface MeterChange {
  /** The whole record afterwards; its numbers and its encryption algorithm stay as they were. */
  readonly meter: MeterRecord;
  /** What becomes known of key changes with it. */
  readonly verdict?: {
    readonly kind: 'confirmed' | 'revoked';
    readonly saleIds: readonly string[];
    readonly at: number;
    readonly by: string;
  };
}

/** A meter with what a campaign asks of it. */
export interface MeterKeys {
  readonly meter: MeterRecord;
  /** When it bought last; null for a meter that never did. */
  readonly lastPurchaseAt: number | null;
  /** Its last key change that was not taken back. */
  readonly lastChange: Pick<KeyChangeRecord, 'saleId' | 'changedAt' | 'confirmedAt'> | null;
}

export interface KeyStore {
  /**
   * Changes the record of the meter that the claim holds, raises the version of its purchases and ends the claim, so that no
   * sale is made under a key that is not the record's.
   * @throws StsFault `store_unavailable` when another server has ended the claim; then nothing is changed.
   */
  changeMeter(claim: VendClaim, change: MeterChange): Promise<void>;
  findKeyChange(saleId: string): Promise<KeyChangeRecord | undefined>;
  /** Of one meter, the newest first: before the one of this sale, or from the newest for null. */
  keyChanges(meterPan: string, before: string | null, limit: number): Promise<readonly KeyChangeRecord[]>;
  /** All different keys, by meter, that key changes led from or to; those that were taken back do not count. */
  keysHeld(meterPans: readonly string[]): Promise<ReadonlyMap<string, readonly MeterKeyName[]>>;
  /**
   * A page of meters by their numbers, after this one. It waits its turn behind what sells at this moment, so that whoever
   * goes through all meters stands in nobody's way.
   * @param supplyGroupCode - null for meters of all groups.
   */
  meterKeys(page: {
    readonly supplyGroupCode: string | null;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly MeterKeys[]>;
}
