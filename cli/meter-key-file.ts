/** The part of a meter's settings file that making and reading tokens needs. */
import { z } from 'zod';
import { BASE_DATES } from '../lib/identity/attributes.ts';

export const meterKeyFile = z.object({
  encryptionAlgorithm: z.union([z.literal(7), z.literal(11)]),
  decoderKey: z.string().regex(/^([0-9a-fA-F]{16}|[0-9a-fA-F]{32})$/),
  baseDate: z.enum(BASE_DATES as ['93', '14', '35']),
});
export type MeterKeyFile = z.infer<typeof meterKeyFile>;
