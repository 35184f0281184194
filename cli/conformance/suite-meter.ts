/**
 * Cases for meters: ordered entries at a meter of one's own, each with the result code and the registers that must follow
 * (sts.md 8). Where public sources leave a rule open, the case keeps to what they agree on.
 */
import { bytesFromHex } from '../../lib/hex.ts';
import type { KeyType } from '../../lib/identity/attributes.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import type { Token } from '../../lib/token/kinds.ts';
import { encodeToken } from '../../lib/token/token.ts';
import { type Case, type Check, decimal, member, type Step } from './expectations.ts';
import { type KeyChangeTest, testsOf } from './vector-files.ts';

type KeyChangeSide = KeyChangeTest['from'];

interface Entry {
  readonly tokenNo: string;
  readonly at?: number;
  readonly result: string;
  readonly clause: string;
  readonly more?: readonly Check[];
}

const RESULT = 'sts.md 8.1';
const MEMORY = 'sts.md 8.3';
const KEY_CHANGE = 'sts.md 7.3';
const LOCKOUT = 'sts.md 8.5';
const KWH = 'credit.electricity';

/** PUBLIC TEST KEYS of the official tests, EA07 and EA11, meter P11. */
const METERS = [
  { encryptionAlgorithm: 7, decoderKey: '87f3ecbb2e46b48f' },
  { encryptionAlgorithm: 11, decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3' },
] as const;
const ATTRIBUTES = {
  meterPan: '600727000000000009',
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
};

type MeterKey = { readonly encryptionAlgorithm: 7 | 11; readonly decoderKey: string };

function make(token: Token, { encryptionAlgorithm, decoderKey }: MeterKey): string {
  return encodeToken(token, createTokenCipher(encryptionAlgorithm, bytesFromHex(decoderKey))).tokenNo;
}

function credit(key: MeterKey, tidMinutes: number, amountDeciKwh = 10): string {
  return make({ kind: 'creditElectricity', tidMinutes, rnd: 5, amountDeciKwh }, key);
}

function meterCase(
  id: string,
  title: string,
  settings: Record<string, unknown>,
  entries: readonly Entry[],
): Case {
  const first: Step = {
    op: 'meterNew',
    fields: () => ({ ...ATTRIBUTES, ...settings }),
    expect: [
      {
        clause: 'protocol',
        what: 'meter is a handle',
        expected: true,
        read: ({ meter }) => typeof meter === 'string',
      },
    ],
  };
  const steps = entries.map(({ tokenNo, at, result, clause, more }, index): Step => {
    const checks: Check[] = [
      { ...member(clause, 'result', result), what: `result of entry ${index + 1}` },
      ...(more ?? []),
    ];
    return {
      op: 'meterEnter',
      fields: ([made]) => ({ meter: made?.['meter'], tokenNo, at: at ?? index * 3600 }),
      expect: checks,
    };
  });
  return {
    id: `meter/${id}`,
    file: 'meter',
    title,
    clause: entries.at(-1)?.clause ?? RESULT,
    trust: 'ours-alone',
    steps: [first, ...steps],
  };
}

export function meterCases(): Case[] {
  return [...METERS.flatMap((key) => acceptanceCases(key)), ...keyChangeEntryCases()];
}

function acceptanceCases(key: MeterKey): Case[] {
  const name = `ea${String(key.encryptionAlgorithm).padStart(2, '0')}`;
  const accept = (tokenNo: string, kwh: string, clause = RESULT): Entry => ({
    tokenNo,
    result: 'Accept',
    clause,
    more: [decimal(clause, KWH, kwh)],
  });
  const refuse = (tokenNo: string, result: string, kwh: string, clause = RESULT): Entry => ({
    tokenNo,
    result,
    clause,
    more: [decimal(clause, KWH, kwh)],
  });
  const other = { ...key, decoderKey: [...key.decoderKey].reverse().join('') };
  // 50 identifiers fill the smallest memory that sources name; one more pushes the first out.
  const many = Array.from({ length: 51 }, (_, i) => 100_000 + 10 * i);
  return [
    meterCase(`${name}/accept-used`, 'a token credits once', key, [
      accept(credit(key, 90_000), '1'),
      refuse(credit(key, 90_000), 'UsedError', '1', MEMORY),
      accept(credit(key, 90_001, 256), '26.6'),
    ]),
    meterCase(`${name}/late-entry`, 'a token bought before others is good after them', key, [
      accept(credit(key, 90_010), '1', MEMORY),
      accept(credit(key, 90_005), '2', MEMORY),
      refuse(credit(key, 90_010), 'UsedError', '2', MEMORY),
      refuse(credit(key, 90_005), 'UsedError', '2', MEMORY),
    ]),
    meterCase(
      `${name}/full-memory`,
      'below the oldest of a full memory is old',
      { ...key, tidMemory: many.slice(0, 50) },
      [
        refuse(credit(key, 99_999), 'OldError', '0', MEMORY),
        accept(credit(key, 100_005), '1', MEMORY),
        accept(credit(key, 100_500), '2', MEMORY),
        refuse(credit(key, 100_001), 'OldError', '2', MEMORY),
        refuse(credit(key, 100_490), 'UsedError', '2', MEMORY),
      ],
    ),
    meterCase(`${name}/other-key`, 'another meter’s token', key, [
      refuse(credit(other, 90_000), 'CRCError', '0'),
      accept(credit(key, 90_000), '1'),
    ]),
    meterCase(`${name}/key-expired`, 'an identifier past the key expiry number', { ...key, keyExpiry: 1 }, [
      refuse(credit(key, 0x02_0000), 'KeyExpiredError', '0'),
      accept(credit(key, 0x01_ffff), '1'),
    ]),
    meterCase(`${name}/default-key`, 'no credit under a default key', { ...key, keyType: 1 }, [
      refuse(credit(key, 90_000), 'DDTKError', '0'),
    ]),
    meterCase(`${name}/management-shares`, 'clear credit empties the register', key, [
      accept(credit(key, 90_000), '1'),
      accept(
        make({ kind: 'clearCredit', tidMinutes: 90_001, rnd: 5, registerCode: 0 }, key),
        '0',
        'sts.md 8.4',
      ),
      refuse(
        make({ kind: 'clearCredit', tidMinutes: 90_001, rnd: 5, registerCode: 0 }, key),
        'UsedError',
        '0',
        MEMORY,
      ),
    ]),
    meterCase(`${name}/display`, 'a clear test token works in any meter and changes no register', key, [
      accept('00000000000150997584', '0', 'sts.md 2.5'),
      accept('00000000000150997584', '0', 'sts.md 2.5'),
    ]),
    meterCase(`${name}/lockout`, 'wrong tokens in a row bar entry for a while', key, [
      { tokenNo: credit(other, 1), at: 0, result: 'CRCError', clause: LOCKOUT },
      { tokenNo: credit(other, 2), at: 1, result: 'CRCError', clause: LOCKOUT },
      { tokenNo: credit(other, 3), at: 2, result: 'CRCError', clause: LOCKOUT },
      { tokenNo: credit(key, 90_000), at: 3, result: 'Lockout', clause: LOCKOUT },
      { tokenNo: credit(key, 90_000), at: 3600, result: 'Accept', clause: LOCKOUT },
    ]),
  ];
}

const STORED = ['1stKCT', '2ndKCT', '3rdKCT', '4thKCT'] as const;

/** Each official set at a meter: complete in order and backwards, with the credit before and after it. */
function keyChangeEntryCases(): Case[] {
  return testsOf<KeyChangeTest>('key-change').flatMap(({ test }) => {
    const { from, to, tokens } = test;
    const oldKey = meterKeyOf(from);
    const newKey = meterKeyOf(to);
    const settings = {
      ...oldKey,
      meterPan: from.meterPan,
      keyType: from.keyType,
      keyRevision: from.keyRevision,
      keyExpiry: 255,
      supplyGroupCode: from.supplyGroupCode,
      tariffIndex: from.tariffIndex,
      baseDate: from.baseDate,
    };
    return (['in order', 'backwards'] as const).map((order) => {
      const numbers = tokens.map((_, index) => index);
      if (order === 'backwards') numbers.reverse();
      const sections = numbers.map((index, position): Entry => {
        const isLast = position === tokens.length - 1;
        return {
          tokenNo: tokens[index]?.tokenNo ?? '',
          at: 10 + 60 * position,
          result: isLast ? 'Accept' : (STORED[index] ?? ''),
          clause: KEY_CHANGE,
          more: isLast ? changedChecks(test) : [],
        };
      });
      return meterCase(
        `key-change-${test.tcId}-${order.replace(' ', '-')}`,
        `${test.comment} ${order}`,
        settings,
        [
          { tokenNo: credit(oldKey, 1_000), at: 0, result: 'Accept', clause: RESULT },
          ...sections,
          { tokenNo: credit(oldKey, 2_000), at: 5_000, result: 'CRCError', clause: KEY_CHANGE },
          {
            tokenNo: credit(newKey, 2_000),
            at: 10_000,
            result: 'Accept',
            clause: KEY_CHANGE,
            more: [decimal(KEY_CHANGE, KWH, '2')],
          },
          // Only a roll-over forgets the identifiers of the old key.
          {
            tokenNo: credit(newKey, 1_000),
            at: 15_000,
            result: test.rollOver ? 'Accept' : 'UsedError',
            clause: KEY_CHANGE,
          },
        ],
      );
    });
  });
}

function meterKeyOf({ encryptionAlgorithm, decoderKey }: KeyChangeSide): MeterKey {
  return { encryptionAlgorithm: encryptionAlgorithm === 7 ? 7 : 11, decoderKey };
}

/** What the meter knows of itself afterwards; a set that does not carry the supply group leaves 0 (sts.md 7.3). */
function changedChecks({ to, keyExpiry, tokens }: KeyChangeTest): Check[] {
  return [
    decimal(KEY_CHANGE, KWH, '1'),
    member(KEY_CHANGE, 'state.keyType', to.keyType as KeyType),
    member(KEY_CHANGE, 'state.keyRevision', to.keyRevision),
    member(KEY_CHANGE, 'state.keyExpiry', keyExpiry),
    member(KEY_CHANGE, 'state.tariffIndex', to.tariffIndex),
    member(KEY_CHANGE, 'state.baseDate', to.baseDate),
    member(KEY_CHANGE, 'state.supplyGroupCode', tokens.length === 2 ? '000000' : to.supplyGroupCode),
  ];
}
