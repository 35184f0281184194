/**
 * A program that speaks the adapter protocol and makes one mistake: `broken-adapter.ts <mistake>`. The engine's mistakes are
 * those of sts.md section 11, the meters' stand in `broken-meter.ts`; the others are what a program may do to a pipe.
 */
import { createInterface } from 'node:readline';
import { AdapterSession } from '../../cli/conformance/adapter.ts';
import { tokenOfFields } from '../../cli/conformance/token-fields.ts';
import { blockFromHex, hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { tidMinutesAt } from '../../lib/token/tid.ts';
import { writeClearBlock } from '../../lib/token/token.ts';
import { BrokenMeters, METER_MISTAKES } from './broken-meter.ts';

export const ENGINE_MISTAKES = {
  'crc-not-swapped': 'sts.md 3',
  'crc-padded-to-8-bytes': 'sts.md 3',
  'crc-plain-on-currency': 'sts.md 3',
  'sta-key-reversed': 'sts.md 5.1',
  'amount-to-nearest': 'sts.md 2.3',
  'key-change-under-new-key': 'sts.md 7.1',
  'tariff-index-bcd': 'sts.md 7.1',
  'middle-words-exchanged': 'sts.md 7.1',
  'number-for-66-bits': 'sts.md 4',
  'class-not-exchanged': 'sts.md 4',
  'reserved-minute-issued': 'sts.md 1.3',
} as const;

const mistake = process.argv[2] ?? '';
const session = new AdapterSession();
const meterMistake = METER_MISTAKES[mistake];
const meters = meterMistake === undefined ? undefined : new BrokenMeters(meterMistake);

type Fields = Record<string, unknown> & { class: number; subclass: number };

function encode(request: Record<string, unknown>, key: string): object {
  const algorithm = request['encryptionAlgorithm'] === 7 ? 7 : 11;
  const fields = { ...request } as Fields;
  if (mistake === 'reserved-minute-issued' && typeof fields['issued'] === 'string') {
    fields['tidMinutes'] = tidMinutesAt(
      Date.parse(`${fields['issued']}:00Z`),
      fields['baseDate'] as '93' | '14' | '35',
    );
  }
  const { class: tokenClass, subclass } = fields;
  const isSection = tokenClass === 2 && [3, 4, 8, 9].includes(subclass);
  const clear = new Uint32Array(2);
  if (mistake === 'middle-words-exchanged' && algorithm === 11 && isSection) {
    const words = String(fields['newDecoderKey']).match(/.{8}/g) ?? [];
    fields['newDecoderKey'] = [words[0], words[2], words[1], words[3]].join('');
  }
  writeClearBlock(tokenOfFields(fields as never, algorithm), clear);
  let head = hexFromBlock(clear).slice(0, 12);
  if (mistake === 'tariff-index-bcd' && tokenClass === 2 && subclass === 4) {
    head = head.slice(0, 2) + String(fields['tariffIndex']).padStart(2, '0') + head.slice(4);
  }
  if (mistake === 'amount-to-nearest' && tokenClass === 0 && subclass < 4 && fields['amount'] !== undefined) {
    head = head.slice(0, 8) + nearest(Math.round(Number(fields['amount']) * 10));
  }
  const block = head + crcOf(tokenClass, head);
  const usedKey = mistake === 'key-change-under-new-key' && isSection ? String(fields['newDecoderKey']) : key;
  const encrypted = BigInt(`0x${tokenClass === 1 ? block : encrypted64(algorithm, usedKey, block)}`);
  const exchanged =
    ((encrypted >> 27n) & 3n) * 2n ** 64n + ((encrypted & ~(3n << 27n)) | (BigInt(tokenClass) << 27n));
  const whole = mistake === 'class-not-exchanged' ? BigInt(tokenClass) * 2n ** 64n + encrypted : exchanged;
  const printed = mistake === 'number-for-66-bits' ? BigInt(Number(whole)) : whole;
  return {
    block,
    token66: whole.toString(16).padStart(17, '0'),
    tokenNo: printed.toString().padStart(20, '0'),
  };
}

/** 16 bits of the codable amount that is nearest, where the rule is the next one above. */
function nearest(units: number): string {
  let exponent = 0;
  let step = 1;
  let offset = 0;
  while (units > offset + 16_383 * step) {
    exponent += 1;
    offset += 16_384 * step;
    step *= 10;
  }
  const mantissa = Math.max(0, Math.round((units - offset) / step));
  return ((exponent << 14) | mantissa).toString(16).padStart(4, '0');
}

function crcOf(tokenClass: number, head: string): string {
  const size = mistake === 'crc-padded-to-8-bytes' ? 16 : 14;
  const bytes = [
    ...bytesFromHex((BigInt(tokenClass) * 2n ** 48n + BigInt(`0x${head}`)).toString(16).padStart(size, '0')),
  ];
  const isCurrency = tokenClass === 0 && '4567'.includes(head[0] ?? '');
  if (isCurrency && mistake !== 'crc-plain-on-currency') bytes.push(1);
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  const placed = mistake === 'crc-not-swapped' ? crc : ((crc & 0xff) << 8) | (crc >>> 8);
  return placed.toString(16).padStart(4, '0');
}

function encrypted64(algorithm: 7 | 11, key: string, text: string): string {
  const bytes = bytesFromHex(key);
  if (mistake === 'sta-key-reversed' && algorithm === 7) bytes.reverse();
  const block = blockFromHex(text);
  createTokenCipher(algorithm, bytes).encrypt(block);
  return hexFromBlock(block);
}

/** The answer of an engine with one mistake; what the mistake does not touch is answered by ours. */
function answer(request: Record<string, unknown>): object {
  const { id, op } = request;
  if (meters !== undefined && op === 'meterNew') {
    const { id: _id, op: _op, ...settings } = request;
    return { id, ...meters.add(settings as never) };
  }
  if (meters !== undefined && op === 'meterEnter') return { id, ...meters.enter(request as never) };
  const right = session.answer(request) as Record<string, unknown>;
  if (right['error'] !== undefined) return right;
  if (op === 'encode') return { id, ...encode(request, String(request['decoderKey'])) };
  if (op === 'encrypt') {
    const algorithm = request['encryptionAlgorithm'] === 7 ? 7 : 11;
    return { id, block: encrypted64(algorithm, String(request['key']), String(request['block'])) };
  }
  if (op !== 'keyChange') return right;
  const { from, to } = request as Record<'from' | 'to', Record<string, unknown>>;
  const keyOf = (fields: Record<string, unknown>) =>
    String((session.answer({ id: 0, op: 'decoderKey', ...fields }) as Record<string, unknown>)['decoderKey']);
  const fields = {
    ...to,
    class: 2,
    newDecoderKey: keyOf(to),
    keyExpiry: request['keyExpiry'],
    threeSections: request['threeSections'],
    rollOver: from['baseDate'] !== to['baseDate'],
  };
  const tokens = (right['tokens'] as unknown[]).map((_, index) =>
    encode({ ...fields, subclass: [3, 4, 8, 9][index] }, keyOf(from)),
  );
  return { id, tokens };
}

let count = 0;
const held: string[] = [];

/** What a program may do in the place of a line; undefined when it behaves. */
function misbehave(request: Record<string, unknown>): string | undefined {
  const line = () => `${JSON.stringify(session.answer(request))}\n`;
  switch (mistake) {
    case 'hangs':
      return count > 20 ? '' : undefined;
    case 'hangs-on-decode':
      return request['op'] === 'decode' ? '' : undefined;
    case 'dies':
      if (count > 20) {
        console.error('fatal: out of luck');
        process.exit(3);
      }
      return undefined;
    case 'rubbish':
      return count % 50 === 0 ? 'hello, world\n' : undefined;
    case 'rubbish-always':
      return '<html>\n';
    case 'banner':
      return count === 1 ? `Welcome to the engine\n${line()}` : undefined;
    case 'wrong-id':
      return count % 50 === 0 ? `${JSON.stringify({ ...session.answer(request), id: 'x' })}\n` : undefined;
    case 'out-of-order': {
      held.push(line());
      return held.length < 2 ? '' : held.splice(0).reverse().join('');
    }
    case 'null':
      return 'null\n';
    case 'flood':
      return 'x'.repeat(1_500_000);
    case 'decode-only':
      return request['op'] === 'decode'
        ? undefined
        : `${JSON.stringify({ id: request['id'], error: { code: 'operation_unsupported', message: 'no' } })}\n`;
    default:
      return undefined;
  }
}

if (/broken-adapter\.ts(\.mjs)?$/.test(process.argv[1] ?? '')) {
  for await (const line of createInterface({ input: process.stdin })) {
    count += 1;
    const request = JSON.parse(line) as Record<string, unknown>;
    const instead = misbehave(request);
    process.stdout.write(instead ?? `${JSON.stringify(answer(request))}\n`);
  }
}
