/** Shares: a fraction as decimal text on the server's side, per cent on the page's; moved by digits, never by a float. */

/** '0.3' is '30', '0.155' is '15.5'. */
export function perCentOf(rate: string): string {
  const [whole = '0', fraction = ''] = rate.split('.');
  const digits = fraction.padEnd(2, '0');
  const moved = `${whole}${digits.slice(0, 2)}`.replace(/^0+(?=\d)/, '');
  const rest = digits.slice(2).replace(/0+$/, '');
  return rest === '' ? moved : `${moved}.${rest}`;
}

/** '30' is '0.30'; undefined for what is no share from 0 to 100. */
export function rateOf(perCent: string): string | undefined {
  const [, whole = '', fraction = ''] = /^\s*(\d{1,3})(?:[.,](\d{1,6}))?\s*$/.exec(perCent) ?? [];
  if (whole === '') return undefined;
  const digits = whole.padStart(3, '0');
  const rate = `${digits.slice(0, -2)}.${digits.slice(-2)}${fraction}`;
  return /^(0\.\d+|1\.0+)$/.test(rate) ? rate : undefined;
}
