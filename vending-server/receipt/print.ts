/** A receipt in each of the forms in which it is handed out. All of them say the same and carry one signature. */

import type { Language } from '../language/catalogue.ts';
import { type CanonicalValue, canonicalJson } from '../ledger/canonical.ts';
import type { ReceiptFacts } from './facts.ts';
import { layoutReceipt } from './layout.ts';
import type { Paper } from './pdf.ts';
import { qrText, type ReceiptKey, sealReceipt } from './seal.ts';
import { receiptText, type TextColumns } from './text.ts';

export interface PrintOptions {
  readonly language: Language;
  readonly isCopy: boolean;
  readonly key: ReceiptKey;
  /** Where a receipt is checked, or null for a QR code without an address. */
  readonly checkAddress: string | null;
}

/** Canonical JSON: the facts, their seal, and the text of the QR code. */
export function printJson(facts: ReceiptFacts, { isCopy, key, checkAddress }: PrintOptions): string {
  const seal = sealReceipt(facts, key);
  const printed = {
    format: 'wattoken-receipt-1',
    isCopy,
    receipt: facts,
    seal,
    qrText: qrText(seal, checkAddress),
  };
  return canonicalJson(printed as unknown as CanonicalValue);
}

export function printText(facts: ReceiptFacts, options: PrintOptions, columns: TextColumns): string {
  return receiptText(elementsOf(facts, options), columns);
}

/** What draws is loaded with the first PDF: a server is ready before, and many never print one. */
export async function printPdf(
  facts: ReceiptFacts,
  options: PrintOptions,
  paper: Paper,
  font?: Uint8Array,
): Promise<Uint8Array> {
  const { receiptPdf } = await import('./pdf.ts');
  const { receiptNumber: title, soldAt } = facts;
  return receiptPdf(elementsOf(facts, options), { paper, title, soldAt, font });
}

function elementsOf(facts: ReceiptFacts, { language, isCopy, key, checkAddress }: PrintOptions) {
  return layoutReceipt(facts, { language, isCopy, qrText: qrText(sealReceipt(facts, key), checkAddress) });
}
