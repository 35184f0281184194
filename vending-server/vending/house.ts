/**
 * The utility as its own vendor: whatever its people give without money, from an engineering token to a replacement, is a
 * sale of this one, under request ids of its own and with a float that is always 0.
 */
import type { VendorRecord } from '../store/contract.ts';
import type { Vending } from './context.ts';

/** No id that a vendor can be opened under. */
export const HOUSE_ID = '@utility';

/** "No currency" in ISO 4217: what is given here has no price. */
export const HOUSE_CURRENCY = 'XXX';

const HOUSE: Omit<VendorRecord, 'floatMinor'> = {
  vendorId: HOUSE_ID,
  name: 'The utility itself',
  currency: HOUSE_CURRENCY,
  creditLimitMinor: 0,
};

/** To be called at every start; a second time changes nothing. */
export async function openHouseVendor({ store }: Pick<Vending, 'store'>): Promise<void> {
  await store.putVendor(HOUSE);
}
