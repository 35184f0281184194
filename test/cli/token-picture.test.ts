import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { drawFields } from '../../cli/draw-token.ts';
import { clearFields, keyedFields, type LaidField } from '../../cli/token-layout.ts';
import { readToken, readyMeter } from '../../cli/token-lines.ts';
import { pictureOf } from '../../cli/token-picture.ts';
import { blockFromHex } from '../../lib/crypto/block-cipher.ts';
import { hexFromWord } from '../../lib/hex.ts';
import { report } from '../support/counts.ts';
import { readVectors } from '../support/vectors.ts';

const test = suite('token picture');

const VECTORS = readVectors('token-fields').tests;

function pictureOfVector(vector: (typeof VECTORS)[number], showKeyBits: boolean) {
  const { encryptionAlgorithm, decoderKey } = vector;
  const meter = readyMeter(
    decoderKey === undefined
      ? undefined
      : { encryptionAlgorithm: encryptionAlgorithm as 7 | 11, decoderKey, baseDate: '14' },
  );
  const { keyBits } = meter.cipher;
  return pictureOf(readToken(vector.tokenNo, meter), { baseDate: '14', keyBits, showKeyBits });
}

function valueUnder(fields: readonly LaidField[], name: string): number | null | undefined {
  return fields.find((field) => field.name === name)?.value;
}

/** Columns as a terminal counts them: every character here takes one. */
const widest = (text: string) => Math.max(...text.split('\n').map((line) => [...line].length));

test('when an official token is drawn then its bits are those of its number and its block, in 80 columns', () => {
  for (const vector of VECTORS) {
    const { json, text } = pictureOfVector(vector, true);
    const what = `tcId ${vector.tcId}`;
    const keyed = json.bits.keyed.map(({ bits }) => bits).join('');
    assert.is(keyed, BigInt(vector.tokenNo).toString(2).padStart(66, '0'), what);
    const clear = json.bits.clear ?? [];
    assert.is(
      BigInt(`0b${clear.map(({ bits }) => bits).join('')}`) & (2n ** 64n - 1n),
      BigInt(`0x${vector.block}`),
      what,
    );
    assert.is(BigInt(`0x${json.token66}`), BigInt(vector.tokenNo), what);
    assert.ok(widest(text) <= 80, `${what}\n${text}`);
    assert.not(text.includes('\u001b') || text.includes('not specified'), what);
    for (const fields of [json.bits.keyed, clear])
      for (const { name, high, low } of fields)
        assert.match(text, `${high === low ? high : `${high}-${low}`} ${name}`, what);
  }
  report(`${VECTORS.length} official tokens drawn in 80 columns`);
});

test('when a token is drawn then the value under each name is the one that the library reads', () => {
  let compared = 0;
  for (const vector of VECTORS) {
    const token = vector.token as Readonly<Record<string, unknown>>;
    const fields = pictureOfVector(vector, true).json.bits.clear ?? [];
    for (const [name, field] of [
      ['TID', 'tidMinutes'],
      ['RND', 'rnd'],
      ['KRN', 'keyRevision'],
      ['KT', 'keyType'],
      ['TI', 'tariffIndex'],
      ['KENHO', 'keyExpiryHigh'],
      ['KENLO', 'keyExpiryLow'],
      ['SGCLO', 'supplyGroupLow'],
      ['SGCHO', 'supplyGroupHigh'],
      ['register', 'registerCode'],
      ['control', 'control'],
      ['manufacturer', 'manufacturerCode'],
      ['flag', 'flag'],
      ['data', 'valueRaw'],
      ['NKHO', 'keyPart'],
    ] as const) {
      const value = valueUnder(fields, name);
      if (value === undefined) continue;
      assert.is(value, token[field], `tcId ${vector.tcId}: ${name}`);
      compared += 1;
    }
    if ('supplyGroupCode' in token)
      assert.is(valueUnder(fields, 'SGC'), Number(token['supplyGroupCode']), `tcId ${vector.tcId}`);
  }
  report(`${compared} values under their names`);
  assert.ok(compared > 400);
});

test('when an amount is explained then its exponent and mantissa give it back', () => {
  let amounts = 0;
  for (const vector of VECTORS) {
    const coded = /coded as +(?:sign (plus|minus), )?exponent (\d+), mantissa (\d+)/.exec(
      pictureOfVector(vector, false).text,
    );
    const [name, carried] =
      Object.entries(vector.token).find(([field]) => /^amount|^limit/.test(field)) ?? [];
    assert.is(coded === null, name === undefined, `tcId ${vector.tcId}`);
    if (coded === null) continue;
    const step = 10n ** BigInt(coded[2] ?? 0);
    const magnitude = (16_384n * (step - 1n)) / 9n + BigInt(coded[3] ?? 0) * step;
    assert.is(
      coded[1] === 'minus' ? -magnitude : magnitude,
      BigInt(carried as string),
      `tcId ${vector.tcId}`,
    );
    amounts += 1;
  }
  report(`${amounts} amounts from their exponent and mantissa`);
  assert.ok(amounts > 100);
});

test('when a section of a key change is drawn then no bit of the new key is shown unless asked for', () => {
  let sections = 0;
  for (const vector of VECTORS) {
    const { keyPart } = vector.token as { keyPart?: number };
    if (keyPart === undefined) continue;
    sections += 1;
    const { json, text } = pictureOfVector(vector, false);
    const secret = [
      hexFromWord(keyPart),
      keyPart.toString(2).padStart(32, '0'),
      String(keyPart),
      vector.block,
    ];
    for (const shown of [JSON.stringify(json), text]) {
      for (const one of secret) assert.not(shown.includes(one), `tcId ${vector.tcId}`);
      assert.not(shown.includes(vector.block.slice(-4)), 'its CRC tells sixteen sums of the key');
    }
    assert.match(text, '--show-key-bits');
    assert.ok(pictureOfVector(vector, true).text.includes(hexFromWord(keyPart)));
  }
  report(`${sections} sections drawn without their key`);
  assert.ok(sections >= 4);
});

test('when a token cannot be read then only what is known is named', () => {
  const meter = readyMeter({ encryptionAlgorithm: 7, decoderKey: '0123456789abcdef', baseDate: '14' });
  const options = { baseDate: '14', keyBits: 64, showKeyBits: false } as const;
  const foreign = pictureOf(readToken('58625789986991357486', meter), options);
  assert.match(foreign.text, 'CRCError');
  assert.match(foreign.text, 'not specified');
  assert.not.match(foreign.text, /TID|mantissa/);
  const sealed = pictureOf(readToken('58625789986991357486', readyMeter(undefined)), options);
  assert.is(sealed.json.bits.clear, undefined);
  assert.not.match(sealed.text, /Decrypted|CRC|TID/);
  const reserved = clearFields(1, blockFromHex('5000000000000000'), {
    keyBits: 64,
    isRead: true,
    showKeyBits: false,
  });
  assert.equal(
    reserved.map(({ name, high, low }) => [name, high, low]),
    [
      ['class', 65, 64],
      ['subclass', 63, 60],
      ['not specified', 59, 16],
      ['CRC', 15, 0],
    ],
  );
});

test('when fields are drawn then every line down ends at the first bit of its field', () => {
  const lines = drawFields(keyedFields(2, blockFromHex('3f12f177c8ccabcd')));
  const bits = lines[1] ?? '';
  for (const line of lines.slice(2)) {
    const column = line.search(/\d/);
    assert.ok(column >= 2);
    assert.is(bits[column - 1], ' ');
    assert.is.not(bits[column], ' ');
  }
  assert.is(lines.length, 2 + 4);
});

test.run();
