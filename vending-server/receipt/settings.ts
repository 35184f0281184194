/** What a utility sets about its receipts and messages: who it is, what it says, where a receipt is checked. */
import { z } from 'zod';
import { LANGUAGES, type Language } from '../language/catalogue.ts';
import type { Utility } from './facts.ts';

export interface ReceiptSettings {
  readonly utility: Utility;
  readonly message: string | null;
  /** Begins the number under which a receipt with tax is a VAT invoice; null where invoices are written elsewhere. */
  readonly vatInvoicePrefix: string | null;
  /** Spoken unless a request asks for another. */
  readonly language: Language;
  /** How this server is reached from outside, 'https://vend.example'; the QR code then holds an address to check it at. */
  readonly publicUrl: string | null;
  /** Path of a TrueType or OpenType font for the PDF; Latin alone without. */
  readonly fontFile: string | null;
}

const Line = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u);

const SettingsFile = z.strictObject({
  utility: z
    .strictObject({
      name: Line,
      addressLines: z.array(Line).max(6).default([]),
      taxNumber: Line.nullable().default(null),
      supportNumber: Line.nullable().default(null),
    })
    .default({ name: 'Prepaid electricity', addressLines: [], taxNumber: null, supportNumber: null }),
  message: Line.nullable().default(null),
  vatInvoicePrefix: z
    .string()
    .regex(/^[A-Za-z0-9/-]{1,20}$/)
    .nullable()
    .default(null),
  language: z.enum(LANGUAGES as [Language, ...Language[]]).default('en'),
  publicUrl: z
    .string()
    .regex(/^https?:\/\/[A-Za-z0-9.:[\]-]{1,200}$/)
    .nullable()
    .default(null),
  fontFile: z.string().max(1000).nullable().default(null),
});

/**
 * @param text - JSON of a settings file; all of it may be left out.
 * @throws RangeError that names the field that is wrong.
 */
export function parseReceiptSettings(text: string): ReceiptSettings {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RangeError('"settings" expected JSON');
  }
  const parsed = SettingsFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RangeError(`"${issue?.path.join('.') ?? ''}" ${issue?.message ?? 'is wrong'}`);
}
