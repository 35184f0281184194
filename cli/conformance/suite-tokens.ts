/** Cases for making and reading tokens (sts.md 1.3, 2, 3, 4): the official ones, and the rules that they alone do not show. */
import { BigNumber } from 'bignumber.js';
import { hexFromWord } from '../../lib/hex.ts';
import { type Case, type Check, decimal, digits, member, refusalCodes, unexchanged } from './expectations.ts';
import {
  type AmountTest,
  type CrcTest,
  type CreditTest,
  type CurrencyTest,
  type GroupedTest,
  type TidTest,
  type TokenBlockTest,
  type TokenFieldsTest,
  testsOf,
} from './vector-files.ts';

/** PUBLIC TEST KEY of the official tests, for cases that are about something else. */
export const TEST_KEY = { encryptionAlgorithm: 7, decoderKey: '87f3ecbb2e46b48f' } as const;
const AMOUNT_CLAUSE = 'sts.md 2.3';
const CURRENCY_CLAUSE = 'sts.md 2.4';
const TID_CLAUSE = 'sts.md 1.3';
const CRC_CLAUSE = 'sts.md 3';
const DIGITS_CLAUSE = 'sts.md 4';
const KEY_CHANGE_CLAUSE = 'sts.md 7.1';

export function clauseOfCipher(encryptionAlgorithm: number): string {
  return encryptionAlgorithm === 7 ? 'sts.md 5.1' : 'sts.md 5.3; RFC 2994 2.1-2.3';
}

/** Where the 16 bits of a subclass get their meaning. */
export function clauseOfValue(tokenClass: number, subclass: number): string {
  if (tokenClass === 1) return 'sts.md 2.5';
  if (tokenClass === 0) return subclass < 4 ? AMOUNT_CLAUSE : CURRENCY_CLAUSE;
  if (subclass === 0 || subclass === 6) return AMOUNT_CLAUSE;
  if (subclass === 1) return 'sts.md 2.6';
  return subclass === 10 ? 'sts.md 2.7' : 'sts.md 2.2';
}

export function isKeyChange(tokenClass: number, subclass: number): boolean {
  return tokenClass === 2 && [3, 4, 8, 9].includes(subclass);
}

/** The fields of a clear block in the order in which they are set, its CRC last. */
export function blockChecks(tokenClass: number, block: string, path = 'block'): Check[] {
  const subclass = Number.parseInt(block[0] ?? '0', 16);
  const part = (clause: string, what: string, from: number, to: number) =>
    digits(clause, `${what}, ${path} digits ${from + 1}-${to}`, path, from, to, block);
  const crc = part(CRC_CLAUSE, 'CRC', 12, 16);
  if (tokenClass === 1) return [part('sts.md 2.5', 'subclass, control and manufacturer code', 0, 12), crc];
  if (isKeyChange(tokenClass, subclass)) {
    return [
      part('sts.md 2.2', 'subclass', 0, 1),
      part(KEY_CHANGE_CLAUSE, 'attributes', 1, 4),
      part(KEY_CHANGE_CLAUSE, 'part of the key', 4, 12),
      crc,
    ];
  }
  const isCurrency = tokenClass === 0 && subclass >= 4;
  return [
    part('sts.md 2.2', 'subclass', 0, 1),
    part(TID_CLAUSE, 'TID', 2, 8),
    isCurrency ? part(CURRENCY_CLAUSE, 'sign and exponent', 1, 2) : part('sts.md 2.1', 'RND', 1, 2),
    part(clauseOfValue(tokenClass, subclass), 'value', 8, 12),
    crc,
  ];
}

/** From the clear block to the digits. */
export function tokenChecks(
  test: { block: string; token66: string; tokenNo: string },
  tokenClass: number,
  encryptionAlgorithm: number,
): Check[] {
  return [
    ...blockChecks(tokenClass, test.block),
    unexchanged(tokenClass === 1 ? DIGITS_CLAUSE : clauseOfCipher(encryptionAlgorithm), test.token66),
    member(DIGITS_CLAUSE, 'token66', test.token66),
    member(DIGITS_CLAUSE, 'tokenNo', test.tokenNo),
  ];
}

/** Every official token, made from its fields and read back. Sections of a key change are made in `suite-key-change.ts`. */
export function tokenCases(): Case[] {
  const blocks = new Map(testsOf<TokenBlockTest>('token-block').map(({ test }) => [test.tokenNo, test]));
  return testsOf<TokenFieldsTest>('token-fields').flatMap((grouped) => {
    const bits = blocks.get(grouped.test.tokenNo);
    if (bits === undefined) return [];
    const isSection = isKeyChange(bits.tokenClass, subclassOf(bits.block));
    const read = decodeCase(grouped, bits);
    return isSection ? [read] : [encodeCase(grouped, bits), read];
  });
}

function subclassOf(block: string): number {
  return Number.parseInt(block[0] ?? '0', 16);
}

function keyOf(test: TokenFieldsTest): { encryptionAlgorithm: number; decoderKey: string } {
  return test.decoderKey === undefined
    ? TEST_KEY
    : { encryptionAlgorithm: test.encryptionAlgorithm, decoderKey: test.decoderKey };
}

function encodeCase(grouped: GroupedTest<TokenFieldsTest>, bits: TokenBlockTest): Case {
  const { file, trust, test } = grouped;
  const subclass = subclassOf(bits.block);
  return {
    id: `${file}/${test.tcId}/encode`,
    file,
    title: `encode, ${test.comment}`,
    clause: clauseOfValue(bits.tokenClass, subclass),
    trust,
    steps: [
      {
        op: 'encode',
        fields: () => ({ ...keyOf(test), class: bits.tokenClass, subclass, ...requestFields(test, bits) }),
        expect: tokenChecks(bits, bits.tokenClass, bits.encryptionAlgorithm),
      },
    ],
  };
}

/** What `encode` is asked for: amounts in their own units, everything else as the 16 bits it is. */
function requestFields({ token }: TokenFieldsTest, { block, tokenClass }: TokenBlockTest) {
  if (tokenClass === 1) return displayFields(token, block);
  const { kind: _, resource: __, ...fields } = token;
  const issue = { tidMinutes: fields['tidMinutes'], ...('rnd' in fields ? { rnd: fields['rnd'] } : {}) };
  return { ...issue, ...valueFields(token, block) };
}

function displayFields(token: TokenFieldsTest['token'], block: string): Record<string, unknown> {
  // The control field follows the subclass; an index stands in its top bits.
  if (token.kind === 'extendedRead') return { control: block.slice(1, 10) };
  const wide = [0, 11, 12, 13, 14, 15].includes(subclassOf(block));
  return { control: block.slice(1, wide ? 10 : 8), manufacturerCode: token['manufacturerCode'] };
}

export function valueFields(token: TokenFieldsTest['token'], block: string): Record<string, unknown> {
  const units = token['amountDeciKwh'] ?? token['amountDeciCubicMetre'] ?? token['amountDeciMinute'];
  if (units !== undefined) return { amount: new BigNumber(String(units)).shiftedBy(-1).toFixed() };
  const money = token['amountHundredThousandth'];
  if (money !== undefined) return { amount: new BigNumber(String(money)).shiftedBy(-5).toFixed() };
  if (token['limitWatt'] !== undefined) return { watts: token['limitWatt'] };
  if (token['registerCode'] !== undefined) return { register: token['registerCode'] };
  return { value: Number.parseInt(block.slice(8, 12), 16) };
}

function decodeCase(grouped: GroupedTest<TokenFieldsTest>, bits: TokenBlockTest): Case {
  const { file, trust, test } = grouped;
  const subclass = subclassOf(bits.block);
  const clause = isKeyChange(bits.tokenClass, subclass)
    ? KEY_CHANGE_CLAUSE
    : clauseOfValue(bits.tokenClass, subclass);
  return {
    id: `${file}/${test.tcId}/decode`,
    file,
    title: `decode, ${test.comment}`,
    clause,
    trust,
    steps: [
      {
        op: 'decode',
        fields: () => ({ ...keyOf(test), tokenNo: test.tokenNo }),
        expect: [
          member(CRC_CLAUSE, 'result', 'ok'),
          member(DIGITS_CLAUSE, 'class', bits.tokenClass),
          member('sts.md 2.2', 'subclass', subclass),
          ...readChecks(test, bits, clause),
        ],
      },
    ],
  };
}

function readChecks(
  { token }: TokenFieldsTest,
  { block, tokenClass }: TokenBlockTest,
  clause: string,
): Check[] {
  if (tokenClass === 1) {
    const { control, manufacturerCode } = displayFields(token, block) as {
      control: string;
      manufacturerCode?: number;
    };
    const hex: Check = {
      ...member(clause, 'control', BigInt(`0x${control}`).toString(16)),
      read: (answer) =>
        String(answer['control'])
          .toLowerCase()
          .replace(/^0+(?=.)/, ''),
    };
    return manufacturerCode === undefined
      ? [hex]
      : [hex, member(clause, 'manufacturerCode', manufacturerCode)];
  }
  if (clause === KEY_CHANGE_CLAUSE) {
    return Object.entries(token)
      .filter(([name]) => name !== 'kind')
      .map(([name, value]) => member(clause, name, name === 'keyPart' ? hexFromWord(Number(value)) : value));
  }
  const fields = valueFields(token, block);
  return [
    member(TID_CLAUSE, 'tidMinutes', token['tidMinutes']),
    ...('rnd' in token ? [member('sts.md 2.1', 'rnd', token['rnd'])] : []),
    ...Object.entries(fields).map(([name, value]) =>
      name === 'amount' ? decimal(clause, name, String(value)) : member(clause, name, value),
    ),
  ];
}

/** Electricity credit from the request as a till knows it: a date and an amount. */
export function creditCases(): Case[] {
  return testsOf<CreditTest>('credit-electricity').map(({ file, trust, test }) => ({
    id: `${file}/${test.tcId}/encode`,
    file,
    title: `${test.comment}, ${test.amount} kWh on ${test.issued}`,
    clause: AMOUNT_CLAUSE,
    trust,
    steps: [
      {
        op: 'encode',
        fields: () => ({
          encryptionAlgorithm: test.encryptionAlgorithm,
          decoderKey: test.decoderKey,
          class: 0,
          subclass: 0,
          issued: test.issued,
          baseDate: test.baseDate,
          rnd: test.rnd,
          amount: test.amount,
        }),
        expect: tokenChecks(test, 0, test.encryptionAlgorithm),
      },
    ],
  }));
}

/** One credit token for a rule about one of its fields. */
function creditWith(fields: Record<string, unknown>, expect: Case['steps'][number]['expect']): Case['steps'] {
  const whole = { ...TEST_KEY, class: 0, subclass: 0, tidMinutes: 85_740, rnd: 5, ...fields };
  return [{ op: 'encode', fields: () => whole, expect }];
}

export function amountCases(): Case[] {
  return testsOf<AmountTest>('amount')
    .filter(({ test }) => Number.isInteger(test.units)) // the protocol's decimal text is rounded up before
    .map(({ file, trust, test }) => {
      const amount = new BigNumber(test.units).shiftedBy(-1).toFixed();
      const field = test.field ?? '';
      return {
        id: `${file}/${test.tcId}/encode`,
        file,
        title: test.comment,
        clause: AMOUNT_CLAUSE,
        trust,
        steps: creditWith(
          { amount },
          test.result === 'invalid'
            ? { clause: AMOUNT_CLAUSE, codes: refusalCodes(test) }
            : [digits(AMOUNT_CLAUSE, 'value', 'block', 8, 12, `00000000${field}`)],
        ),
      };
    });
}

export function currencyCases(): Case[] {
  return testsOf<CurrencyTest>('currency-amount').map(({ file, trust, test }) => {
    const amount = new BigNumber(test.amountHundredThousandth).shiftedBy(-5).toFixed();
    return {
      id: `${file}/${test.tcId}/encode`,
      file,
      title: test.comment,
      clause: CURRENCY_CLAUSE,
      trust,
      steps: [
        {
          op: 'encode',
          fields: () => ({ ...TEST_KEY, class: 0, subclass: 4, tidMinutes: 85_740, amount }),
          expect:
            test.field === undefined
              ? { clause: CURRENCY_CLAUSE, codes: refusalCodes(test) }
              : [
                  digits(CURRENCY_CLAUSE, 'sign and exponent', 'block', 1, 2, `4${test.signAndExponent}`),
                  digits(CURRENCY_CLAUSE, 'value', 'block', 8, 12, `00000000${test.field}`),
                ],
        },
      ],
    };
  });
}

/** Dates to identifiers. The protocol has no memory of a last token, so successors are not among them. */
export function tidCases(): Case[] {
  return testsOf<TidTest>('token-identifier')
    .filter(({ test }) => test.lastTidMinutes === undefined)
    .map(({ file, trust, test }) => {
      const { tidMinutes, issued, baseDate } = test;
      const expect =
        tidMinutes === undefined
          ? { clause: TID_CLAUSE, codes: refusalCodes(test) }
          : [digits(TID_CLAUSE, 'TID', 'block', 2, 8, `05${tidMinutes.toString(16).padStart(6, '0')}`)];
      return {
        id: `${file}/${test.tcId}/encode`,
        file,
        title: `${test.comment}: ${issued} on base ${baseDate}`,
        clause: TID_CLAUSE,
        trust,
        steps: creditWith({ amount: '0.1', tidMinutes: undefined, issued, baseDate }, expect),
      };
    });
}

/** The STSA's own example, as a token with these bits. */
export function crcCases(): Case[] {
  return (
    testsOf<CrcTest>('crc')
      // The rest are tokens of the official suite, which are made whole; CRC_C belongs to no electricity credit.
      .filter(({ test }) => test.kind === 'crc' && test.comment.startsWith('example'))
      .map(({ file, trust, test }) => ({
        id: `${file}/${test.tcId}/encode`,
        file,
        title: test.comment,
        clause: CRC_CLAUSE,
        trust,
        steps: creditWith(
          {
            subclass: Number.parseInt(test.msg.slice(0, 1), 16),
            rnd: Number.parseInt(test.msg.slice(1, 2), 16),
            tidMinutes: Number.parseInt(test.msg.slice(2, 8), 16),
            value: Number.parseInt(test.msg.slice(8, 12), 16),
          },
          [digits(CRC_CLAUSE, 'CRC', 'block', 12, 16, `${test.msg}${test.crc}`)],
        ),
      }))
  );
}
