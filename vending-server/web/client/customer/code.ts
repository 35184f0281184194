/** The content of a receipt's QR code, as it is pasted or stands behind the `#` of this page's address. */

/** @returns undefined where there is none; what is one is for the server to say. */
export function codeIn(text: string): string | undefined {
  const at = text.indexOf('WTR1.');
  return at < 0 ? undefined : text.slice(at).replace(/\s+/g, '');
}
