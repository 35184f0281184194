/** Pieces that the shapes of several vector files share. */
import { z } from 'zod';

export const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
export const digits = (count: number) => z.string().regex(new RegExp(`^[0-9]{${count}}$`));
export const tokenNo = digits(20);

/** What every test has. */
export const common = {
  tcId: z.int().min(1),
  comment: z.string(),
  flags: z.array(z.string()).readonly(),
  result: z.enum(['valid', 'invalid']),
};

/** What a decoder key depends on, and the vending key it is made from. */
export const keyAttributes = {
  decoderKeyAlgorithm: z.int(),
  encryptionAlgorithm: z.int(),
  vendingKey: z.string().regex(/^([0-9a-f]{2})+$/),
  meterPan: digits(18),
  supplyGroupCode: digits(6),
  tariffIndex: z.int(),
  keyRevision: z.int(),
  keyType: z.int(),
  baseDate: z.string(),
};
