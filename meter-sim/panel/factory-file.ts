/** The factory settings of one meter as a JSON document: what the factory bench burns into a new part. */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { parseEncryptionAlgorithm, parseSupplyGroupCode } from '../../lib/identity/attributes.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { FactorySettings } from '../firmware/firmware.ts';

const factoryFile = z.strictObject({
  /** For people: such a file should say where its key comes from. */
  note: z.string().optional(),
  drn: z.string(),
  encryptionAlgorithm: z.int(),
  decoderKey: z.string().regex(/^[0-9a-fA-F]+$/),
  keyType: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  keyRevision: z.int().min(1).max(9),
  keyExpiry: z.int().min(0).max(255),
  supplyGroupCode: z.string(),
  tariffIndex: z.int().min(0).max(99),
  baseDate: z.enum(['93', '14', '35']),
});

/**
 * @param content - the parsed JSON.
 * @throws StsFault `request_malformed` naming the field and never quoting it, or the fault of the field itself.
 */
export function parseFactoryFile(content: unknown): FactorySettings {
  const parsed = factoryFile.safeParse(content);
  if (!parsed.success) {
    // The issue's own text may quote what stands there, and that may be the key.
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new StsFault('request_malformed', 'factory settings', { param: field || 'factory' });
  }
  const { note: _note, drn, decoderKey, ...rest } = parsed.data;
  const encryptionAlgorithm = parseEncryptionAlgorithm(rest.encryptionAlgorithm);
  if (decoderKey.length !== (encryptionAlgorithm === 7 ? 16 : 32)) {
    throw new StsFault('request_malformed', 'factory settings: wrong length for the algorithm', {
      param: 'decoderKey',
    });
  }
  return {
    ...rest,
    meterPan: parseMeterNumber(drn).meterPan,
    encryptionAlgorithm,
    decoderKey: decoderKey.toLowerCase(),
    supplyGroupCode: parseSupplyGroupCode(rest.supplyGroupCode),
  };
}
