/** A second opinion on sts.md section 6: DKGA02 and DKGA04 as text and BigInt, with DES and HMAC of OpenSSL. */
import { createCipheriv, createHmac } from 'node:crypto';

export interface MeterFields {
  readonly meterPan: string;
  readonly supplyGroupCode: string;
  readonly tariffIndex: number;
  readonly keyRevision: number;
  readonly keyType: number;
  readonly baseDate: string;
  readonly encryptionAlgorithm: number;
}

const two = (value: number) => String(value).padStart(2, '0');
const hex16 = (value: bigint) => value.toString(16).padStart(16, '0');

/** @param vendingKey - 16 hex digits. @returns 16 hex digits (sts.md 6.1, 6.2). */
export function dkga02(vendingKey: string, meter: MeterFields): string {
  const body = meter.meterPan.slice(0, 17); // without the PAN's check digit
  let panBlock = body.slice(-16);
  if (meter.keyType === 3) {
    const drnDigits = body.startsWith('600727') ? 11 : 13;
    panBlock = panBlock.slice(0, 16 - drnDigits) + '0'.repeat(drnDigits);
  }
  const controlBlock = `${meter.keyType}${meter.supplyGroupCode}${two(meter.tariffIndex)}${meter.keyRevision}FFFFFF`;
  const x = BigInt(`0x${panBlock}`) ^ BigInt(`0x${controlBlock}`);
  const key = Buffer.from(vendingKey, 'hex');
  const des = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  const encrypted = BigInt(`0x${des.update(hex16(x), 'hex', 'hex')}`);
  return hex16(encrypted ^ x ^ BigInt(`0x${vendingKey}`));
}

/** @param vendingKey - 40 hex digits. @returns 16 hex digits for EA07, 32 for EA11 (sts.md 6.4). */
export function dkga04(vendingKey: string, meter: MeterFields): string {
  const field = (text: string) =>
    text.length.toString(16).padStart(2, '0') + Buffer.from(text).toString('hex');
  const bits = meter.encryptionAlgorithm === 7 ? 64 : 128;
  const message = [
    '04',
    field('04'),
    field(meter.baseDate),
    field(two(meter.encryptionAlgorithm)),
    field(two(meter.tariffIndex)),
    '00',
    '04',
    field(meter.supplyGroupCode),
    field(String(meter.keyType)),
    field(String(meter.keyRevision)),
    field(meter.meterPan),
    bits.toString(16).padStart(8, '0'),
  ].join('');
  const mac = createHmac('sha256', Buffer.from(vendingKey, 'hex')).update(message, 'hex').digest('hex');
  return mac.slice(0, bits / 4);
}
