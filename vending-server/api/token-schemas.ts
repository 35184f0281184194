/** Whether a token is one of ours, and the proof. */
import { z } from 'zod';
import { Currency, Hex64, Id, Minor } from './schemas.ts';

export const TokenQuestionBody = z.strictObject({ tokenNo: z.string().min(20).max(40) });
const LedgerStatement = z.strictObject({
  moduleId: z.string(),
  publicKey: z.string(),
  entries: z.int().min(0),
  headHash: Hex64,
});
const ChainEntry = z.strictObject({
  moduleId: z.string(),
  counter: z.int().min(1),
  saleDigest: Hex64,
  tokenDigest: Hex64,
  statement: z.string(),
  previousHash: Hex64,
  entryHash: Hex64,
  signature: z.string(),
});
const TokenSale = z.strictObject({
  saleId: z.string(),
  vendorId: z.string(),
  requestId: Id,
  soldAt: z.iso.datetime(),
  currency: Currency,
  paidMinor: Minor,
});
export const TokenVerdictAnswer = z.union([
  z.strictObject({
    ours: z.literal(true),
    state: z.enum(['released', 'unreleased']),
    counter: z.int().min(1),
    meterPan: z.string().length(18),
    tidMinutes: z.int().min(0).max(0xff_ffff).nullable(),
    sale: TokenSale.nullable(),
    proof: z.array(ChainEntry),
    ledger: LedgerStatement,
  }),
  z.strictObject({ ours: z.literal(false), ledger: LedgerStatement }),
]);
