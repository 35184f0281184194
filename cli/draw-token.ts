/**
 * The bits of a token drawn for people: fields apart from each other, the number of each one's first bit above, and below a
 * line down to its name. Plain text of at most 80 columns.
 */
import type { LaidField } from './token-layout.ts';

const INDENT = '  ';

/** Lines of at most 80 columns. */
export function drawFields(fields: readonly LaidField[]): string[] {
  const columns = columnsOf(fields);
  const bits = fields.map(({ bits, high, low }) => bits ?? '*'.repeat(high - low + 1)).join(' ');
  const labels = fields.map((_, index) => labelLine(fields, columns, fields.length - 1 - index));
  return [rulerLine(fields, columns), bits, ...labels].map((line) => INDENT + line);
}

function columnsOf(fields: readonly LaidField[]): number[] {
  let at = 0;
  return fields.map(({ high, low }) => {
    const column = at;
    at += high - low + 2;
    return column;
  });
}

/** A number that would touch the one before is left out: the label below tells it anyway. */
function rulerLine(fields: readonly LaidField[], columns: readonly number[]): string {
  let line = '';
  for (const [index, { high }] of fields.entries()) {
    const column = columns[index] ?? 0;
    if (column > 0 && column <= line.length) continue;
    line = line.padEnd(column) + high;
  }
  return line;
}

function labelLine(fields: readonly LaidField[], columns: readonly number[], index: number): string {
  const field = fields[index];
  if (field === undefined) return '';
  const lines = columns.slice(0, index).reduce((line, column) => `${line.padEnd(column)}|`, '');
  return lines.padEnd(columns[index] ?? 0) + labelOf(field);
}

function labelOf({ name, high, low, value }: LaidField): string {
  const place = high === low ? `${high}` : `${high}-${low}`;
  if (name.startsWith('block')) return `${place} ${name}`;
  return `${place} ${name} ${value === null ? 'hidden' : valueText(name, value)}`;
}

/** Numbers in the base in which the standard and its vectors print them. */
function valueText(name: string, value: number): string {
  if (name.startsWith('NK')) return value.toString(16).padStart(8, '0');
  if (name.startsWith('CRC')) return value.toString(16).padStart(4, '0');
  if (name === 'control' || name === 'not specified') return `0x${value.toString(16)}`;
  return String(value);
}
