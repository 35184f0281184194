/**
 * A server's worth of selling in a process of its own, without the HTTP door: opens the store, binds a module, accounts for
 * what an earlier life left, and sells with many sellers at once until SIGTERM. What an asker would do, it does: a sale whose
 * fate is unknown is asked for again under the same id. Its chain stands in a journal file, as a module's does, written
 * before a sale is recorded.
 *
 * The first line on stdout says that it sells; each following one is a sale that was answered.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isStsFault } from '../../lib/faults.ts';
import type { JournalledEntry } from '../../vending-server/security-module/contract.ts';
import type { RecordedSale, VendClaim } from '../../vending-server/store/contract.ts';
import { openPostgresStore } from '../../vending-server/store/open.ts';
import { UnreleasedTokens } from '../../vending-server/vending/unreleased-tokens.ts';
import { claimOf, recordOf, TestChain } from '../vending-server/store/store-fixtures.ts';
import { cpuSeconds } from './counts.ts';
import type { SellerOrder } from './postgres-sellers.ts';
import { stepsNamed } from './test-steps.ts';

const RETRY_MILLIS = 20;

const order: SellerOrder = JSON.parse(process.argv[2] ?? '');
const { moduleId, journal, vendors, meters, sellers, prefix, leaseMillis, connections } = order;

const store = await openPostgresStore({
  url: order.url,
  leaseMillis,
  connections,
  steps: stepsNamed(order.steps),
});
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});
process.stdin.on('end', () => process.exit(3)).resume();
const toldToBegin = new Promise<void>((resolve) => process.on('SIGUSR2', () => resolve()));

const earlier: JournalledEntry[] = [];
if (existsSync(journal)) {
  for (const line of readFileSync(journal, 'utf8').split('\n'))
    if (line !== '') earlier.push(JSON.parse(line));
}
const last = earlier.at(-1);
await store.bindModule({ moduleId, publicKey: 'cHVibGlj', counter: last?.counter ?? 0 });
const named = await store.recordUnreleased(earlier);
const chain = new TestChain(moduleId, last);
const unreleased = new UnreleasedTokens();
say({ ready: true, named });

async function sellOnce(
  vendorId: string,
  requestId: string,
  meterPan: string,
): Promise<RecordedSale | undefined> {
  await store.findSaleByRequest(vendorId, requestId);
  for (;;) {
    await unreleased.settle(store);
    await Promise.all([store.findMeter(meterPan), store.findVendor(vendorId), store.findTariff('home')]);
    const { version } = await store.findPurchases(meterPan);
    const request = claimOf(requestId, {
      vendorId,
      meterPan,
      purchasesVersion: version,
      maxTidMinutes: 16_000_000,
    });
    const result = await store.claimVend(request);
    if (result.kind === 'in_progress') await result.settled;
    else if (result.kind === 'exists') return result.sale;
    else if (result.kind === 'float_exhausted') return undefined;
    else if (result.kind === 'claimed') return await complete(result.claim);
    else if (result.kind !== 'purchases_changed') throw new Error(result.kind);
  }
}

async function complete(claim: VendClaim): Promise<RecordedSale> {
  const { vendorId, requestId } = claim.request;
  const made = recordOf(claim, chain, 'signed');
  const record = {
    ...made,
    saleId: `${vendorId}/${requestId}/${moduleId}/${made.entries[0]?.counter}`,
    transfers: made.transfers.map((transfer) => ({ ...transfer, debitAccount: `vendor:${vendorId}` })),
  };
  for (const entry of made.entries) appendFileSync(journal, `${JSON.stringify(entry)}\n`);
  try {
    return await store.recordVend(claim, record);
  } catch (error) {
    unreleased.add(made.entries);
    await unreleased.settle(store).catch(() => undefined);
    store.releaseClaim(claim);
    throw error;
  }
}

const totals = { sold: 0, refused: 0, unknown: 0, failed: 0 };

async function sell(seller: number): Promise<void> {
  for (let sale = 0; !stopping && (order.each === undefined || sale < order.each); sale += 1) {
    const vendorId = vendors[(seller + sale * (order.roam ? 1 : 0)) % vendors.length] ?? '';
    const meterPan = meters[(seller + sale * sellers) % meters.length] ?? '';
    if (order.pauseMillis !== undefined) await pause(order.pauseMillis);
    const requestId = `${prefix}-${seller}-${sale}`;
    for (;;) {
      try {
        const sold = await sellOnce(vendorId, requestId, meterPan);
        if (sold === undefined) totals.refused += 1;
        else {
          totals.sold += 1;
          if (!order.quiet) say({ requestId, vendorId, saleId: sold.saleId });
        }
        break;
      } catch (error) {
        if (!isStsFault(error) || error.code !== 'store_unavailable') {
          totals.failed += 1;
          say({ failed: String(error) });
          break;
        }
        totals.unknown += 1;
        if (stopping) return;
        await pause(RETRY_MILLIS);
      }
    }
  }
}

if (order.startOnSignal) await toldToBegin;
const startedAt = performance.now();
await Promise.all(Array.from({ length: sellers }, (_, seller) => sell(seller)));
const seconds = (performance.now() - startedAt) / 1000;
// A server would name them at its next start; here there is none, and an engine that was killed may still be on its way back.
for (let tries = 0; unreleased.size > 0 && tries < 500; tries += 1)
  await unreleased.settle(store).catch(() => pause(RETRY_MILLIS));
await store.close();
say({ totals, seconds, cpuSeconds: cpuSeconds() });
process.stdin.destroy();

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
