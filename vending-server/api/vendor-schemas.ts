/** Vendors, their keys, certificates and deposits. */
import { z } from 'zod';
import { Currency, Hex64, Id, Minor, MOST_MINOR, Text } from './schemas.ts';

export const VendorBody = z.strictObject({
  vendorId: Id,
  name: Text,
  currency: Currency,
  creditLimitMinor: Minor.default(0),
});
export const VendorAnswer = z.strictObject({
  vendorId: Id,
  name: Text,
  currency: Currency,
  creditLimitMinor: Minor,
  floatMinor: z.int(),
  /** Present once, when the vendor was opened by this request. */
  apiKey: z.string().optional(),
});

export const VendorKeyBody = z.strictObject({ label: Text });
export const VendorKeyAnswer = z.strictObject({ vendorId: Id, label: Text, apiKey: z.string() });

export const DepositBody = z.strictObject({
  requestId: Id,
  amountMinor: z.int().min(1).max(MOST_MINOR),
  currency: Currency,
  reference: Text,
});
export const DepositAnswer = z.strictObject({
  vendorId: Id,
  requestId: Id,
  amountMinor: Minor,
  currency: Currency,
  reference: Text,
  floatMinor: z.int(),
});

/** A fingerprint names one certificate; a subject, by its common name, every one that the client authority issues to it. */
export const CertificateBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fingerprint'), value: Hex64 }),
  z.strictObject({ kind: z.literal('subject'), value: Text }),
]);
export const CertificateAnswer = z.strictObject({
  vendorId: z.string(),
  certificates: z.array(CertificateBody),
});
