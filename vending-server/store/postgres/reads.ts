/** Point look-ups on PostgreSQL. Those of one kind that are asked for while one is under way share the next statement. */
import type {
  ApiKeyRecord,
  MeterPurchases,
  MeterRecord,
  RecordedSale,
  SaleView,
  Store,
  TariffVersion,
  VendorRecord,
} from '../contract.ts';
import { contactOf } from '../customer-rows.ts';
import { apiKeyInfoOf } from '../people-rows.ts';
import {
  type HistoryRow,
  type MeterRow,
  meterOf,
  purchasesOf,
  type SaleRow,
  saleOf,
  type VendorRow,
  vendorOf,
} from '../rows.ts';
import type { PostgresConnections, Row } from './connections.ts';
import { Lane, type Outcome } from './lane.ts';

interface RequestName {
  readonly vendorId: string;
  readonly requestId: string;
}

type Asked = Parameters<Store['viewForSale']>[0];

export class PostgresReads {
  readonly #connections: PostgresConnections;
  readonly #meters = this.#lane('findMeters', 'meter_pan', (row) => row && meterOf(row));
  readonly #vendors = this.#lane('findVendors', 'vendor_id', (row) => row && vendorOf(row));
  readonly #apiKeys = this.#lane('findApiKeys', 'key_hash', apiKeyOf);
  readonly #sales = this.#lane('findSales', 'sale_id', (row) => row && saleOf(row));
  readonly #purchases = this.#lane('findPurchases', 'meter_pan', (row) => purchasesOf(row, row?.debts ?? []));
  readonly #tariffs = new Lane<string, readonly TariffVersion[]>((ids) => this.#findTariffs(ids));
  readonly #requests = new Lane<RequestName, RecordedSale | undefined>((names) => this.#findRequests(names));

  readonly #views = new Lane<Asked, SaleView>((asked) => this.#view(asked));

  constructor(connections: PostgresConnections) {
    this.#connections = connections;
  }

  meter(meterPan: string): Promise<MeterRecord | undefined> {
    return this.#meters.add(meterPan);
  }

  vendor(vendorId: string): Promise<VendorRecord | undefined> {
    return this.#vendors.add(vendorId);
  }

  apiKey(keyHash: string): Promise<ApiKeyRecord | undefined> {
    return this.#apiKeys.add(keyHash);
  }

  tariff(tariffId: string): Promise<readonly TariffVersion[]> {
    return this.#tariffs.add(tariffId);
  }

  purchases(meterPan: string): Promise<MeterPurchases> {
    return this.#purchases.add(meterPan);
  }

  view(asked: Asked): Promise<SaleView> {
    return this.#views.add(asked);
  }

  sale(saleId: string): Promise<RecordedSale | undefined> {
    return this.#sales.add(saleId);
  }

  saleByRequest(vendorId: string, requestId: string): Promise<RecordedSale | undefined> {
    return this.#requests.add({ vendorId, requestId });
  }

  #lane<O>(
    name: 'findMeters' | 'findVendors' | 'findApiKeys' | 'findSales' | 'findPurchases',
    key: string,
    read: (row: Row | undefined) => O,
  ): Lane<string, O> {
    return new Lane(async (ids) => {
      const rows = await this.#connections.query(name, [[...new Set(ids)]]);
      const found = new Map(rows.map((row) => [row[key], row]));
      return ids.map((id) => outcomeOf(() => read(found.get(id))));
    });
  }

  async #view(asked: readonly Asked[]): Promise<readonly Outcome<SaleView>[]> {
    const wanted = asked.map(({ vendorId, requestId = null, meterPan }, place) => {
      return { place, vendor_id: vendorId, request_id: requestId, meter_pan: meterPan };
    });
    const meterPans = [...new Set(asked.map(({ meterPan }) => meterPan))];
    const [rows, tariffs] = await Promise.all([
      this.#connections.query('viewForSale', [JSON.stringify(wanted)]),
      this.#connections.query('tariffsOfMeters', [meterPans]),
    ]);
    const versions = tariffs.map(versionOf);
    // A meter may have been given another tariff between the two looks.
    const known = new Set(versions.map(({ tariffId }) => tariffId));
    const missing = rows.map((row) => row.tariff_id).filter((id) => id !== null && !known.has(id));
    if (missing.length > 0)
      versions.push(...(await this.#connections.query('findTariffs', [missing])).map(versionOf));
    const views: Outcome<SaleView>[] = [];
    for (const row of rows) {
      const { vendorId, requestId } = asked[row.place] as Asked;
      views[row.place] = outcomeOf(() =>
        viewOf({ ...row, vendor_id: vendorId, request_id: requestId }, versions),
      );
    }
    return views;
  }

  async #findTariffs(ids: readonly string[]): Promise<readonly Outcome<readonly TariffVersion[]>[]> {
    const rows = await this.#connections.query('findTariffs', [[...new Set(ids)]]);
    const versions = rows.map(versionOf);
    return ids.map((id) => ({ value: versions.filter(({ tariffId }) => tariffId === id) }));
  }

  async #findRequests(names: readonly RequestName[]): Promise<readonly Outcome<RecordedSale | undefined>[]> {
    const values = [names.map(({ vendorId }) => vendorId), names.map(({ requestId }) => requestId)];
    const rows = await this.#connections.query('findSalesByRequest', values);
    const found = new Map(rows.map((row) => [JSON.stringify([row.vendor_id, row.request_id]), row]));
    return names.map(({ vendorId, requestId }) => {
      const row = found.get(JSON.stringify([vendorId, requestId]));
      return outcomeOf(() => row && saleOf(row));
    });
  }
}

/** A damaged row is the fault of whoever asked for it, not of those who shared the statement. */
function outcomeOf<O>(read: () => O): Outcome<O> {
  try {
    return { value: read() };
  } catch (error) {
    return { error };
  }
}

function versionOf(row: Row): TariffVersion {
  return { tariffId: row.tariff_id, validFrom: row.valid_from, terms: row.terms };
}

function viewOf(row: Row, versions: readonly TariffVersion[]): SaleView {
  const isKnown = row.meter_pan !== null;
  return {
    earlier: row.sale_id === null ? undefined : saleOf(row as SaleRow),
    vendor: row.name === null ? undefined : vendorOf(row as VendorRow),
    meter: isKnown ? meterOf(row as MeterRow) : undefined,
    purchases: purchasesOf(row as HistoryRow, row.debts ?? []),
    tariff: versions.filter(({ tariffId }) => tariffId === row.tariff_id),
    contact: contactOf(row as Parameters<typeof contactOf>[0]),
  };
}

function apiKeyOf(row: Row | undefined): ApiKeyRecord | undefined {
  return row && { ...apiKeyInfoOf(row), keyHash: row.key_hash };
}
