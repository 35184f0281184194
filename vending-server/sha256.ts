import { hash } from 'node:crypto';

/**
 * SHA-256 in one call: a hash object for each text costs more than the hash, and a sale hashes seven.
 * @param data - text counts as UTF-8.
 * @returns 64 lower-case hex digits.
 */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}
