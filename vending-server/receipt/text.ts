/** A receipt as plain text for a slip printer of 32 or 48 columns. No line is longer, and no token is ever broken. */
import { printable, widthOf, wrap } from './display-width.ts';
import type { ReceiptElement } from './layout.ts';

export type TextColumns = 32 | 48;

/** Lines end with a line feed; the QR code stands as the text that it holds, for printers that draw none. */
export function receiptText(elements: readonly ReceiptElement[], columns: TextColumns): string {
  return elements
    .flatMap((element) => linesOf(element, columns))
    .map((line) => `${line.trimEnd()}\n`)
    .filter((line, index, lines) => line !== '\n' || lines[index - 1] !== '\n')
    .join('');
}

function linesOf(element: ReceiptElement, columns: number): readonly string[] {
  switch (element.kind) {
    case 'heading':
    case 'centre':
      return wrap(element.text, columns).map((line) => centred(line, columns));
    case 'line':
      return wrap(element.text, columns);
    case 'pair':
      return pairLines(printable(element.label), printable(element.value), columns);
    case 'token':
      return ['', ...wrap(element.heading, columns), centred(element.digits, columns), ''];
    case 'rule':
      return ['-'.repeat(columns)];
    case 'qr':
      return wrap(element.text, columns);
  }
}

/** On one line where both fit, else the value on its own line at the right. */
export function pairLines(label: string, value: string, columns: number): readonly string[] {
  const gap = columns - widthOf(label) - widthOf(value);
  if (gap >= 1) return [`${label}${' '.repeat(gap)}${value}`];
  return [...wrap(label, columns), ...wrap(value, columns).map((line) => right(line, columns))];
}

function centred(line: string, columns: number): string {
  return `${' '.repeat(Math.max(0, Math.floor((columns - widthOf(line)) / 2)))}${line}`;
}

function right(line: string, columns: number): string {
  return `${' '.repeat(Math.max(0, columns - widthOf(line)))}${line}`;
}
