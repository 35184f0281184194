/** Point look-ups on PostgreSQL. Those of one kind that are asked for while one is under way share the next statement. */
import { NO_HISTORY, type PurchaseHistory } from '../tariff/history.ts';
import type {
  ApiKeyRecord,
  MeterPurchases,
  MeterRecord,
  RecordedSale,
  TariffVersion,
  VendorRecord,
} from './contract.ts';
import { Lane, type Outcome } from './lane.ts';
import { apiKeyInfoOf } from './people-rows.ts';
import type { PostgresConnections, Row } from './postgres-connections.ts';
import { meterOf, saleOf, vendorOf } from './rows.ts';

interface RequestName {
  readonly vendorId: string;
  readonly requestId: string;
}

export class PostgresReads {
  readonly #connections: PostgresConnections;
  readonly #meters = this.#lane('findMeters', 'meter_pan', (row) => row && meterOf(row));
  readonly #vendors = this.#lane('findVendors', 'vendor_id', (row) => row && vendorOf(row));
  readonly #apiKeys = this.#lane('findApiKeys', 'key_hash', apiKeyOf);
  readonly #sales = this.#lane('findSales', 'sale_id', (row) => row && saleOf(row));
  readonly #purchases = this.#lane('findPurchases', 'meter_pan', purchasesOf);
  readonly #tariffs = new Lane<string, readonly TariffVersion[]>((ids) => this.#findTariffs(ids));
  readonly #requests = new Lane<RequestName, RecordedSale | undefined>((names) => this.#findRequests(names));

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

  async #findTariffs(ids: readonly string[]): Promise<readonly Outcome<readonly TariffVersion[]>[]> {
    const rows = await this.#connections.query('findTariffs', [[...new Set(ids)]]);
    const versions = rows.map((row) => ({
      tariffId: row.tariff_id,
      validFrom: row.valid_from,
      terms: row.terms,
    }));
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

function purchasesOf(row: Row | undefined): MeterPurchases {
  const debts = ((row?.debts ?? []) as Row[]).map((debt) => ({
    debtId: debt.debt_id,
    label: debt.label,
    balanceMinor: debt.balance_minor,
    recovery: JSON.parse(debt.recovery),
  }));
  if (row === undefined || row.version === null) return { version: 0, history: { ...NO_HISTORY, debts } };
  return {
    version: row.version,
    history: {
      month: row.month,
      monthUnitsDeciKwh: row.month_units_deci_kwh,
      freeUnitsMonth: row.free_units_month,
      carriedMinor: row.carried_minor,
      charges: JSON.parse(row.charges) as PurchaseHistory['charges'],
      debts,
    },
  };
}

function apiKeyOf(row: Row | undefined): ApiKeyRecord | undefined {
  return row && { ...apiKeyInfoOf(row), keyHash: row.key_hash };
}
