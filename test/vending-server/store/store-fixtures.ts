/** Records for tests of any store; the meter numbers are the published test numbers of sts.md 1.1. */
import { createHash } from 'node:crypto';
import { entryHash, GENESIS_HASH, tokenDigest } from '../../../vending-server/ledger/chain.ts';
import type { ChainEntry, JournalledEntry } from '../../../vending-server/security-module/contract.ts';
import type {
  DepositRequest,
  MeterRecord,
  Store,
  VendClaim,
  VendClaimRequest,
  VendRecord,
} from '../../../vending-server/store/contract.ts';
import { NO_HISTORY } from '../../../vending-server/tariff/history.ts';

export const MODULE = { moduleId: 'module-1', publicKey: 'cHVibGlj', counter: 0 };
export const TARIFF = { tariffId: 'home', validFrom: 0, terms: '{"currency":"ZAR"}' };
export const VENDOR = { vendorId: 'shop', name: 'Corner shop', currency: 'ZAR', creditLimitMinor: 0 };
export const METER: MeterRecord = {
  meterPan: '600727111111111153',
  drn: '11111111115',
  encryptionAlgorithm: 11,
  decoderKeyAlgorithm: 4,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
  tariffId: 'home',
  tokenCarrierType: 2,
  keyExpiry: null,
  storesSupplyGroup: false,
  wantedKey: null,
  issuedKeyChange: null,
  replacedBy: null,
  replaces: null,
};
export const OTHER_METER: MeterRecord = {
  ...METER,
  meterPan: '600727000000000009',
  drn: '00000000000',
  encryptionAlgorithm: 7,
};

/** As many meters as sellers: a meter has one sale at a time. */
export const METERS: readonly MeterRecord[] = Array.from({ length: 64 }, (_, index) => ({
  ...METER,
  meterPan: `6007272222${String(index).padStart(8, '0')}`,
  drn: `2222${String(index).padStart(7, '0')}`,
}));

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A tariff, two meters and a vendor with this float. */
export async function furnish(store: Store, floatMinor: number): Promise<void> {
  await store.bindModule(MODULE);
  await store.putTariff(TARIFF);
  await store.putMeter(METER);
  await store.putMeter(OTHER_METER);
  await Promise.all(METERS.map((meter) => store.putMeter(meter)));
  await store.putVendor(VENDOR);
  if (floatMinor > 0) await store.deposit(depositOf('first', floatMinor));
}

export function depositOf(requestId: string, amountMinor: number): DepositRequest {
  return {
    vendorId: VENDOR.vendorId,
    requestId,
    requestHash: hash(`${requestId} ${amountMinor}`),
    amountMinor,
    reference: 'slip 1',
    at: 1_700_000_000_000,
    transfers: [{ debitAccount: 'bank', creditAccount: 'vendor:shop', amountMinor }],
  };
}

export function claimOf(requestId: string, more: Partial<VendClaimRequest> = {}): VendClaimRequest {
  return {
    vendorId: VENDOR.vendorId,
    requestId,
    requestHash: hash(requestId),
    meterPan: METER.meterPan,
    paidMinor: 1000,
    purchasesVersion: 0,
    tidCount: 1,
    baseDate: '14',
    nowTidMinutes: 6_000_000,
    maxTidMinutes: 6_001_440,
    ...more,
  };
}

/** A module's counter and chain, without a module: what the store is given is checked by nobody below the ledger. */
export class TestChain {
  readonly #moduleId: string;
  #counter: number;
  #previousHash: string;

  constructor(moduleId = MODULE.moduleId, after = { counter: 0, entryHash: GENESIS_HASH }) {
    this.#moduleId = moduleId;
    this.#counter = after.counter;
    this.#previousHash = after.entryHash;
  }

  next(tokenNo: string, signature = ''): ChainEntry {
    this.#counter += 1;
    const link = {
      moduleId: this.#moduleId,
      counter: this.#counter,
      saleDigest: hash(`sale ${this.#counter}`),
      tokenDigest: tokenDigest(tokenNo),
      previousHash: this.#previousHash,
      statement: `creditElectricity 466 ${METER.meterPan} 201457/1/2/14/1 ${6_000_000 + this.#counter}`,
    };
    this.#previousHash = entryHash(link);
    return { ...link, entryHash: this.#previousHash, signature };
  }
}

export function recordOf(claim: VendClaim, chain: TestChain, signature = ''): VendRecord {
  const { meterPan, baseDate, requestId, paidMinor } = claim.request;
  // Money alone has an entry too.
  const tokens = Array.from({ length: Math.max(1, claim.tidMinutes.length) }, (_, index) => {
    const tokenNo = `${claim.claimId}${String(index).padStart(2, '0')}`.padStart(20, '0');
    const isLast = index >= claim.tidMinutes.length - 1;
    const entry = chain.next(tokenNo, isLast ? signature : '');
    return { tokenNo, entry: { ...entry, meterPan, baseDate, tidMinutes: claim.tidMinutes[index] ?? null } };
  });
  const tokenNos = claim.tidMinutes.length === 0 ? [] : tokens.map(({ tokenNo }) => tokenNo);
  return {
    saleId: `sale-${requestId}`,
    soldAt: 1_700_000_000_000,
    currency: 'ZAR',
    amountDeciKwh: 466,
    boughtDeciKwh: 466,
    // As the entries say.
    carried: { amountDeciKwh: 466 * tokens.length, amountHundredThousandth: 0 },
    transfers: [
      { debitAccount: 'vendor:shop', creditAccount: 'energy', amountMinor: paidMinor - 130 },
      { debitAccount: 'vendor:shop', creditAccount: 'tax', amountMinor: 130 },
    ],
    history: {
      ...NO_HISTORY,
      month: '2026-11',
      monthUnitsDeciKwh: 466,
      carriedMinor: '0.25',
      lastAt: 1_700_000_000_000,
    },
    entries: tokens.map(({ entry }) => entry),
    tokenNos,
    responseBody: `{"tokenNo":"${tokenNos.join()}","note":"Ω ☀ exact bytes"}`,
  };
}

export function journalled(
  entry: ChainEntry,
  tidMinutes: number,
  meterPan = METER.meterPan,
): JournalledEntry {
  return { ...entry, meterPan, tidMinutes, baseDate: '14' };
}

export async function claimed(store: Store, request: VendClaimRequest): Promise<VendClaim> {
  const { version } = await store.findPurchases(request.meterPan);
  const result = await store.claimVend({ ...request, purchasesVersion: version });
  if (result.kind !== 'claimed') throw new Error(`expected a claim, got ${result.kind}`);
  return result.claim;
}
