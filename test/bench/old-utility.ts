/** A utility that has been in business for long: its server's folder, ready to be started. */
import { join } from 'node:path';
import { type HistoryOrder, writeSalesHistory } from '../support/sales-history.ts';
import {
  furnish,
  makeUtility,
  post,
  publicMeters,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

export interface OldUtility {
  readonly utility: Utility;
  readonly ledgerFile: string;
  readonly apiKey: string;
  /** Those of the history. */
  readonly drns: readonly string[];
  readonly boughtThisMonth: number;
  /** Ids of a sale without arrears and of one with. */
  readonly sampleSales: readonly [string, string];
}

const FLOAT_MINOR = 1_000_000_000_000;
const BLOCKS = {
  kind: 'blocks',
  blocks: [
    { untilDeciKwh: 500, pricePerKwh: '1.4537' },
    { untilDeciKwh: 3_500, pricePerKwh: '1.8652' },
    { untilDeciKwh: 6_000, pricePerKwh: '2.6301' },
    { untilDeciKwh: null, pricePerKwh: '3.1087' },
  ],
};

export async function openOldUtility(order: Omit<HistoryOrder, 'now'>): Promise<OldUtility> {
  const utility = await makeUtility();
  try {
    const ledgerFile = join(utility.serverFolder, 'vending.sqlite');
    const [meter] = publicMeters(1);
    const first = await startUtilityServer(utility);
    const url = first.ready['url'] ?? '';
    const vendors = [{ vendorId: 'kiosk', floatMinor: FLOAT_MINOR }];
    const apiKey =
      (await furnish(utility, url, vendors, [meter as NonNullable<typeof meter>], BLOCKS)).get('kiosk') ?? '';
    await sell(url, apiKey, meter?.drn ?? '');
    await first.stop();
    const drns = writeSalesHistory(ledgerFile, { ...order, now: Date.now() });
    const second = await startUtilityServer(utility);
    const sampleSales = [
      await sell(second.ready['url'] ?? '', apiKey, drns[1] ?? ''),
      await sell(second.ready['url'] ?? '', apiKey, drns[0] ?? ''),
    ] as const;
    await second.stop();
    return { utility, ledgerFile, apiKey, drns, boughtThisMonth: order.boughtThisMonth, sampleSales };
  } catch (error) {
    utility.remove();
    throw error;
  }
}

async function sell(url: string, apiKey: string, meter: string): Promise<string> {
  const sale = { requestId: `sample-${meter}`, meter, paidMinor: 5000, currency: 'ZAR' };
  const { status, text, body } = await post(`${url}/v1/sales`, apiKey, sale);
  if (status !== 201) throw new Error(`a sample sale was answered ${status} ${text}`);
  return body.saleId;
}
