/** Money of people and of the server: decimal text on one side, whole minor units on the other, no float between. */
import { minorDigits } from '../../tariff/minor-digits.ts';

/** @returns minor units, or undefined for what is no amount above zero; point and comma are the same. */
export function parseMinor(text: string, currency: string): number | undefined {
  const places = minorDigits(currency);
  const [, whole = '', fraction = ''] = /^\s*(\d{1,10})(?:[.,](\d*))?\s*$/.exec(text) ?? [];
  if (whole === '' || fraction.length > places) return undefined;
  const minor = Number(whole + fraction.padEnd(places, '0'));
  return minor > 0 ? minor : undefined;
}

export function showMinor(minor: number, currency: string, language: string): string {
  const places = minorDigits(currency);
  const digits = String(Math.abs(minor)).padStart(places + 1, '0');
  const decimal = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  const format = new Intl.NumberFormat(language, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
  // Formatted from its digits, whatever the types of older languages say: a number would pass through a float.
  return format.format(`${minor < 0 ? '-' : ''}${decimal}` as unknown as number);
}

export function showKwh(deciKwh: number, language: string): string {
  const digits = String(deciKwh).padStart(2, '0');
  const format = new Intl.NumberFormat(language, { minimumFractionDigits: 1 });
  return `${format.format(`${digits.slice(0, -1)}.${digits.slice(-1)}` as unknown as number)} kWh`;
}

/** @returns whole 0.1 kWh, or undefined for what is no such amount above zero. */
export function parseDeciKwh(text: string): number | undefined {
  const [, whole = '', tenth = '0'] = /^\s*(\d{1,9})(?:[.,](\d))?\s*$/.exec(text) ?? [];
  const deciKwh = Number(whole + tenth);
  return whole !== '' && deciKwh > 0 ? deciKwh : undefined;
}
