/** Opens a vendor: its float in one currency, and its first API key. */
import { StsFault } from '../../lib/faults.ts';
import { issueApiKey } from '../people/api-keys.ts';
import type { VendorRecord } from '../store/contract.ts';
import type { Vending } from './context.ts';

export type VendorRequest = Omit<VendorRecord, 'floatMinor'>;

export interface OpenedVendor {
  readonly vendor: VendorRecord;
  /** The vendor's first key, when it was opened by this call; it is never told again. */
  readonly apiKey?: string;
}

/** @throws StsFault `vendor_exists` when the id is taken with other attributes. */
export async function openVendor(
  vending: Vending,
  request: VendorRequest,
  openedBy: string | null = null,
): Promise<OpenedVendor> {
  const result = await vending.store.putVendor(request);
  if (result === 'exists') throw new StsFault('vendor_exists', undefined, { param: 'vendorId' });
  const vendor = await findVendor(vending, request.vendorId);
  if (result === 'same') return { vendor };
  return { vendor, apiKey: await issueVendorKey(vending, vendor.vendorId, 'first key', openedBy) };
}

/** A further key for a vendor, for a second till or in place of a lost one. @throws StsFault `vendor_unknown`. */
export async function issueVendorKey(
  vending: Vending,
  vendorId: string,
  label: string,
  createdBy: string | null,
): Promise<string> {
  await findVendor(vending, vendorId);
  const rights = { role: 'vendor', vendorId, label, scopes: null, expiresAt: null, createdBy } as const;
  return (await issueApiKey(vending, rights)).apiKey;
}

/** @throws StsFault `vendor_unknown`. */
export async function findVendor({ store }: Pick<Vending, 'store'>, vendorId: string): Promise<VendorRecord> {
  const vendor = await store.findVendor(vendorId);
  if (vendor === undefined) throw new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
  return vendor;
}
