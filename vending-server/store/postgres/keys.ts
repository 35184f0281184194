/** Keys of meters beside sales, on PostgreSQL. Changes that are asked for together share a transaction. */
import { StsFault } from '../../../lib/faults.ts';
import { NO_HISTORY } from '../../tariff/history.ts';
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
import { meterRowOf } from '../rows.ts';
import type { PostgresClaims } from './claims.ts';
import type { Ask, PostgresConnections } from './connections.ts';
import { Lane, type Outcome } from './lane.ts';

interface ClaimedChange {
  readonly claim: VendClaim;
  readonly change: MeterChange;
}

export class PostgresKeys implements KeyStore {
  readonly #connections: PostgresConnections;
  readonly #claims: PostgresClaims;
  readonly #changes = new Lane<ClaimedChange, void>((changes) => this.#change(changes));

  constructor(connections: PostgresConnections, claims: PostgresClaims) {
    this.#connections = connections;
    this.#claims = claims;
  }

  async changeMeter(claim: VendClaim, change: MeterChange): Promise<void> {
    this.#claims.startRecording(claim);
    try {
      await this.#changes.add({ claim, change });
      this.#claims.ended(claim);
    } catch (error) {
      this.#claims.stopRecording(claim);
      throw error;
    }
  }

  async findKeyChange(saleId: string): Promise<KeyChangeRecord | undefined> {
    const [row] = await this.#connections.query('findKeyChange', [saleId]);
    return row && keyChangeOf(row as KeyChangeRow);
  }

  async keyChanges(
    meterPan: string,
    before: string | null,
    limit: number,
  ): Promise<readonly KeyChangeRecord[]> {
    const rows =
      before === null
        ? await this.#connections.query('keyChanges', [meterPan, limit])
        : await this.#connections.query('keyChangesBefore', [meterPan, limit, before]);
    return rows.map((row) => keyChangeOf(row as KeyChangeRow));
  }

  async keysHeld(meterPans: readonly string[]): Promise<ReadonlyMap<string, readonly MeterKeyName[]>> {
    if (meterPans.length === 0) return new Map();
    return heldKeysOf((await this.#connections.query('keysHeld', [meterPans])) as HeldKeysRow[]);
  }

  async meterKeys({
    supplyGroupCode,
    after,
    limit,
  }: Parameters<KeyStore['meterKeys']>[0]): Promise<readonly MeterKeys[]> {
    const rows =
      supplyGroupCode === null
        ? await this.#connections.query('meterKeys', [after, limit])
        : await this.#connections.query('meterKeysOfGroup', [after, limit, supplyGroupCode]);
    return rows.map((row) => meterKeysOf(row as MeterKeysRow));
  }

  async #change(changes: readonly ClaimedChange[]): Promise<readonly Outcome<void>[]> {
    const ended = await this.#connections.transaction((ask) => changeAll(ask, changes));
    return changes.map(({ claim }) =>
      ended.has(claim.claimId)
        ? { value: undefined }
        : { error: new StsFault('store_unavailable', 'another server has ended the claim') },
    );
  }
}

/** @returns the claims that stood until now: what they entitled to is done. */
async function changeAll(ask: Ask, changes: readonly ClaimedChange[]): Promise<ReadonlySet<number>> {
  const rows = await ask('endClaims', [changes.map(({ claim }) => claim.claimId)]);
  const ended = new Set(rows.map((row) => row.claim_id as number));
  const own = changes.filter(({ claim }) => ended.has(claim.claimId)).map(({ change }) => change);
  if (own.length === 0) return ended;
  const meterPans = own.map(({ meter }) => meter.meterPan);
  await ask('lockMeters', [meterPans]);
  await ask('setMeters', [JSON.stringify(own.map(({ meter }) => meterRowOf(meter)))]);
  const { month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, charges } = NO_HISTORY;
  const history = [month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, JSON.stringify(charges)];
  await ask('raiseVersions', [meterPans, ...history]);
  const verdicts = own.flatMap(({ verdict }) =>
    (verdict?.saleIds ?? []).map((saleId) => ({ ...verdict, sale_id: saleId })),
  );
  if (verdicts.length > 0) await ask('judgeKeyChanges', [JSON.stringify(verdicts)]);
  return ended;
}
