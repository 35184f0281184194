/**
 * Vectors of digits that no meter carries out: no token number at all, checksums that do not fit, kinds that are reserved, and
 * fields that are built wrongly though their checksum fits. What reading must find is written here by hand.
 */
import { type Block, blockFromHex, hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { readEncryptedBlock, type TokenClass, tokenNoOfBlock } from '../../lib/token/frame.ts';
import { crcOf } from '../reference/token.ts';
import { groupedByClause } from './groups.ts';
import { STS_531_1 } from './published.ts';
import type { VectorFile, VectorTest } from './schema.ts';
import { PUBLIC_KEYS } from './vectors-of-requests.ts';

const OURS = { name: 'Wattoken', version: '1', trust: 'ours-alone' } as const;
const CREDIT = '70630503470028726114';

export function refusalFiles() {
  return { 'token-number': tokenNumbers(), 'token-refusal': tokenRefusals() };
}

// Digits.

function tokenNumbers(): VectorFile<'token-number'> {
  const take = (text: string, comment: string, flags: string[] = []) => {
    const tokenNo = text.replace(/[^0-9]/g, '');
    const token66 = BigInt(tokenNo).toString(16).padStart(17, '0');
    return { comment, flags, text, tokenNo, token66, result: 'valid' as const };
  };
  const refuse = (text: string, comment: string, fault = 'token_number_malformed') => ({
    comment,
    flags: [fault === 'token_number_malformed' ? 'Form' : 'TooLarge'],
    text,
    fault,
    argument: 'tokenNo',
    result: 'invalid' as const,
  });
  return {
    algorithm: 'Token numbers as people type them',
    schema: 'token-number',
    notes: {
      Typed: 'spaces and dashes between digits are for people: a till may take them, 20 bare digits go on',
      Form: 'not 20 decimal digits',
      TooLarge: '2^66 and above: 20 digits that no token has',
    },
    groups: [
      {
        clause: 'sts.md 4',
        source: OURS,
        tests: [
          take(CREDIT, 'bare digits'),
          take('00000000000000000000', 'zero: digits, though no token'),
          take('73786976294838206463', '2^66 - 1, the largest'),
          take('7063 0503 4700 2872 6114', 'five groups of four', ['Typed']),
          take('7063-0503-4700-2872-6114', 'dashes', ['Typed']),
          take('  70630503470028726114\n', 'space around', ['Typed']),
          take('70630503\u00a04700\t28726114', 'other white space', ['Typed']),
          refuse('', 'nothing'),
          refuse('     ', 'spaces alone'),
          refuse(CREDIT.slice(1), '19 digits'),
          refuse(`0${CREDIT}`, '21 digits, a zero in front'),
          refuse(`${CREDIT}0`, '21 digits'),
          refuse(CREDIT + CREDIT, 'two tokens'),
          refuse(`${CREDIT.slice(0, 19)}A`, 'a letter at the end'),
          refuse(`O${CREDIT.slice(1)}`, 'the letter O for a zero'),
          refuse(`${CREDIT.slice(0, 10)}l${CREDIT.slice(11)}`, 'the letter l for a one'),
          refuse(`+${CREDIT}`, 'a sign'),
          refuse(`+${CREDIT.slice(1)}`, 'a sign among 20 characters'),
          refuse(`${CREDIT.slice(0, 18)}.4`, 'a decimal point'),
          refuse('7.0630503470028726e+19', 'an exponent'),
          refuse('0x3d431f4b0860e9f62', 'hex digits'),
          refuse(
            CREDIT.replace(/[0-9]/g, (d) => String.fromCharCode(0xff10 + Number(d))),
            'fullwidth digits',
          ),
          refuse(
            CREDIT.replace(/[0-9]/g, (d) => String.fromCharCode(0x0660 + Number(d))),
            'Arabic-Indic digits',
          ),
          refuse(`${CREDIT.slice(0, 19)}\u0665`, 'one Arabic-Indic digit'),
          refuse(`${CREDIT.slice(0, 10)}\u0000${CREDIT.slice(10)}`, 'a NUL between'),
          refuse(`${CREDIT.slice(0, 10)}\u200b${CREDIT.slice(10)}`, 'a zero-width space between'),
          refuse('7063_0503_4700_2872_6114', 'groups with underscores'),
          refuse('7063,0503,4700,2872,6114', 'groups with commas'),
          refuse('7063/0503/4700/2872/6114', 'groups with the character before 0'),
          refuse('7063:0503:4700:2872:6114', 'groups with the character after 9'),
          refuse('73786976294838206464', '2^66', 'token_number_too_large'),
          refuse('73786976294838206465', '2^66 + 1', 'token_number_too_large'),
          refuse('80000000000000000000', 'eight and zeros', 'token_number_too_large'),
          refuse('99999999999999999999', 'twenty nines', 'token_number_too_large'),
          refuse('7378 6976 2948 3820 6464', '2^66 in groups', 'token_number_too_large'),
        ],
      },
    ],
  };
}

// Tokens.

type RefusalTest = Omit<VectorTest<'token-refusal'>, 'tcId'>;
type Outcome = RefusalTest['outcome'];
type Algorithm = 7 | 11;
type CrcKind = 'crc' | 'crcC';

/** The 16 bits that the fields ask for, in the reading of the plain reference (sts.md 3). */
function crcFor(tokenClass: number, head: string, kind: CrcKind): number {
  return crcOf([...bytesFromHex(`0${tokenClass}${head}${kind === 'crcC' ? '01' : ''}`)]);
}

function kindFor(tokenClass: number, head: string): CrcKind {
  return tokenClass === 0 && '4567'.includes(head[0] ?? '') ? 'crcC' : 'crc';
}

const hex4 = (value: number) => value.toString(16).padStart(4, '0');

function isEncrypted(tokenClass: number): boolean {
  return tokenClass === 0 || tokenClass === 2;
}

/** 20 digits of a clear block under a key. */
function tokenNoOf(tokenClass: TokenClass, clear: string, ea: Algorithm, key: string): string {
  const block = blockFromHex(clear);
  if (isEncrypted(tokenClass)) createTokenCipher(ea, bytesFromHex(key)).encrypt(block);
  return tokenNoOfBlock(tokenClass, block);
}

/** What 20 digits become under a key, whatever they were made of. */
function readAs(
  tokenNo: string,
  ea: Algorithm,
  key: string,
  outcome: Outcome,
  comment: string,
  flags: string[],
): RefusalTest {
  const block: Block = new Uint32Array(2);
  const tokenClass = readEncryptedBlock(tokenNo, block);
  if (isEncrypted(tokenClass)) createTokenCipher(ea, bytesFromHex(key)).decrypt(block);
  const clear = hexFromBlock(block);
  const head = clear.slice(0, 12);
  const crc = hex4(crcFor(tokenClass, head, kindFor(tokenClass, head)));
  if ((outcome === 'crcError') !== (crc !== clear.slice(12)) && tokenClass !== 3) {
    throw new Error(`${comment}: the checksum ${outcome === 'crcError' ? 'fits' : 'does not fit'}`);
  }
  return {
    comment,
    flags,
    encryptionAlgorithm: ea,
    ...(isEncrypted(tokenClass) ? { decoderKey: key } : {}),
    tokenClass,
    block: clear,
    crc,
    tokenNo,
    outcome,
    result: 'invalid',
  };
}

/** A token whose checksum fits its fields. */
function fitting(
  tokenClass: TokenClass,
  head: string,
  outcome: 'malformed' | 'unsupported',
  comment: string,
  flags: string[],
  algorithms: readonly Algorithm[] = isEncrypted(tokenClass) ? [7, 11] : [7],
): RefusalTest[] {
  const clear = head + hex4(crcFor(tokenClass, head, kindFor(tokenClass, head)));
  return algorithms.map((ea) => {
    const key = PUBLIC_KEYS[ea];
    return readAs(tokenNoOf(tokenClass, clear, ea, key), ea, key, outcome, comment, flags);
  });
}

/** A token whose 16 checksum bits are these. */
function unfitting(
  tokenClass: TokenClass,
  head: string,
  crc: number,
  comment: string,
  flags: string[],
  algorithms: readonly Algorithm[] = isEncrypted(tokenClass) ? [7, 11] : [7],
): RefusalTest[] {
  return algorithms.map((ea) => {
    const key = PUBLIC_KEYS[ea];
    return readAs(tokenNoOf(tokenClass, head + hex4(crc), ea, key), ea, key, 'crcError', comment, flags);
  });
}

/** One token of each class and width, clear, without its checksum. */
const HEADS: readonly (readonly [tokenClass: TokenClass, head: string, what: string])[] = [
  [0, '05014eec0001', 'electricity credit'],
  [0, '15014eec0001', 'water credit'],
  [0, '40014eec60aa', 'currency credit'],
  [0, '78014eec60aa', 'a debt in currency for time'],
  [1, '000000000100', 'a clear test token'],
  [2, '055229fd03e8', 'a power limit'],
  [2, '55014eec0000', 'ClearTamper, whose subclass is 5 as that of currency for water'],
  [2, '3f127f78cdd2', 'a first section'],
];

function checksumTests(): RefusalTest[] {
  const swap = (crc: number) => ((crc & 0xff) << 8) | (crc >>> 8);
  return HEADS.flatMap(([tokenClass, head, what]) => {
    const kind = kindFor(tokenClass, head);
    const right = crcFor(tokenClass, head, kind);
    const other = crcFor(tokenClass, head, kind === 'crc' ? 'crcC' : 'crc');
    const padded = crcOf([0, ...bytesFromHex(`0${tokenClass}${head}`), ...(kind === 'crcC' ? [1] : [])]);
    const bits = Array.from({ length: 16 }, (_, bit) =>
      unfitting(
        tokenClass,
        head,
        right ^ (1 << bit),
        `${what}, bit ${bit} of the CRC wrong`,
        ['OneBit'],
        [7],
      ),
    );
    return [
      ...bits.flat(),
      ...unfitting(tokenClass, head, other, `${what} with the other kind of CRC`, ['CrcKind']),
      ...unfitting(tokenClass, head, swap(right), `${what}, CRC bytes not exchanged`, ['CrcForm']),
      ...unfitting(tokenClass, head, padded, `${what}, CRC over one zero byte more`, ['CrcForm']),
      ...unfitting(tokenClass, head, right ^ 0xffff, `${what}, CRC inverted`, ['CrcForm']),
    ];
  });
}

/** Digits that were right for somebody else, or before somebody's finger slipped. */
function otherTests(): RefusalTest[] {
  const [ea07, ea11] = [PUBLIC_KEYS[7], PUBLIC_KEYS[11]];
  const mirrored = [...bytesFromHex(ea07)].reverse().map((byte) => byte.toString(16).padStart(2, '0'));
  const asClass = (tokenClass: TokenClass) => {
    const block: Block = new Uint32Array(2);
    readEncryptedBlock(CREDIT, block);
    return tokenNoOfBlock(tokenClass, block);
  };
  const mistyped = STS_531_1.tokens_ed2_2
    .filter(({ cls }, index) => cls !== 1 && index % 10 === 0)
    .flatMap(({ case: name, ea, decoderKey, token }) => {
      const last = `${token.slice(0, -1)}${(Number(token.at(-1)) + 1) % 10}`;
      const exchanged = token.slice(0, 9) + token.charAt(10) + token.charAt(9) + token.slice(11);
      // A slip of the finger may also make class 3 of it, whose checksum nobody reads.
      const slipped = (tokenNo: string, comment: string) => {
        const isClassThree = ((BigInt(tokenNo) >> 27n) & 3n) === 3n;
        const outcome = isClassThree ? 'unsupported' : 'crcError';
        const flags = isClassThree ? ['ClassThree', 'Mistyped'] : ['Mistyped'];
        return readAs(tokenNo, ea, decoderKey, outcome, `${name}, ${comment}`, flags);
      };
      const tests = [slipped(last, 'last digit mistyped')];
      if (exchanged !== token) tests.push(slipped(exchanged, 'digits exchanged'));
      return tests;
    });
  return [
    readAs(CREDIT, 7, '7f78cdd220be39b8', 'crcError', 'the key of another tariff index', ['OtherKey']),
    readAs(CREDIT, 7, 'adbee1711ef561b6', 'crcError', 'the key of another key revision', ['OtherKey']),
    readAs(CREDIT, 7, 'b06e35e2c870802b', 'crcError', 'the key of another meter', ['OtherKey']),
    readAs(CREDIT, 7, mirrored.join(''), 'crcError', 'the key with its bytes reversed', ['OtherKey']),
    readAs(CREDIT, 11, ea11, 'crcError', 'an EA07 token at an EA11 meter', ['OtherAlgorithm']),
    readAs('58625789986991357486', 7, ea07, 'crcError', 'an EA11 token at an EA07 meter', ['OtherAlgorithm']),
    readAs(asClass(2), 7, ea07, 'crcError', 'a credit whose class bits say 2', ['OtherClass']),
    readAs(asClass(1), 7, ea07, 'crcError', 'a credit whose class bits say 1', ['OtherClass']),
    readAs('00000000000000000000', 7, ea07, 'crcError', 'zeros', ['Mistyped']),
    ...mistyped,
  ];
}

function unsupportedTests(): RefusalTest[] {
  const sub = (subclass: number, rest: string) => subclass.toString(16) + rest;
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const reserved = (tokenClass: TokenClass, from: number, to: number, rest: string, flag: string) =>
    range(from, to).flatMap((subclass) =>
      fitting(tokenClass, sub(subclass, rest), 'unsupported', `class ${tokenClass} subclass ${subclass}`, [
        flag,
      ]),
    );
  return [
    ...reserved(0, 8, 15, '5014eec0001', 'Reserved'),
    ...reserved(1, 3, 5, '00000000100', 'Reserved'),
    ...reserved(2, 11, 15, '5014eec0001', 'Proprietary'),
    ...range(0, 15).flatMap((subclass) =>
      fitting(3, sub(subclass, '5014eec0001'), 'unsupported', `class 3 subclass ${subclass}`, ['ClassThree']),
    ),
    readAs('00000000000402653184', 7, PUBLIC_KEYS[7], 'unsupported', 'class 3, all other bits zero', [
      'ClassThree',
    ]),
    ...fitting(2, '9031156c51b0', 'unsupported', 'a fourth section for a 64-bit key', ['FourthSection'], [7]),
  ];
}

function malformedTests(): RefusalTest[] {
  const bad = (
    tokenClass: TokenClass,
    head: string,
    comment: string,
    flag: string,
    of?: readonly Algorithm[],
  ) => fitting(tokenClass, head, 'malformed', comment, [flag], of);
  const tariffs = [100, 0x99, 128, 255];
  const groups = ['0f4240', '7fffff', 'ffffff'];
  return [
    ...['0001', '8000', 'ffff'].flatMap((value) =>
      bad(2, `55014eec${value}`, `ClearTamper with the value ${value}`, 'ClearTamper'),
    ),
    ...tariffs.flatMap((tariff) =>
      bad(2, `4f${tariff.toString(16)}20be39b8`, `second section with TI ${tariff}`, 'TariffIndex'),
    ),
    ...groups.flatMap((group) =>
      bad(2, `8${group}00000`, `third section with SGC ${Number.parseInt(group, 16)}`, 'SupplyGroup', [7]),
    ),
    ...['80000', '00001', '7ffff'].flatMap((rest) =>
      bad(2, `80312f1${rest}`, `third section with ${rest} after its SGC`, 'Padding', [7]),
    ),
    ...[0, 11, 12, 13, 14, 15].flatMap((subclass) =>
      [100, 0x99, 255].flatMap((maker) =>
        bad(
          1,
          `${subclass.toString(16)}000000001${maker.toString(16)}`,
          `2-digit maker ${maker}, subclass ${subclass}`,
          'ManufacturerCode',
        ),
      ),
    ),
    ...[1, 6, 7, 8, 9, 10].flatMap((subclass) =>
      [10_000, 0x9999, 0xffff].flatMap((maker) =>
        bad(
          1,
          `${subclass.toString(16)}0000001${hex4(maker)}`,
          `4-digit maker ${maker}, subclass ${subclass}`,
          'ManufacturerCode',
        ),
      ),
    ),
    ...['200000000001', '200200000000', '2fc000010000', '200000008000'].flatMap((head) =>
      bad(1, head, `extended read with ${head.slice(1)} in its 44 bits`, 'ExtendedRead'),
    ),
  ];
}

const CLAUSE_OF_FLAG: Readonly<Record<string, string>> = {
  TariffIndex: 'sts.md 7.1',
  SupplyGroup: 'sts.md 7.1',
  Padding: 'sts.md 7.1',
  FourthSection: 'sts.md 7.1',
  ManufacturerCode: 'sts.md 2.5',
  ExtendedRead: 'sts.md 2.5',
  ClearTamper: 'sts.md 2.2',
  Reserved: 'sts.md 2.2',
  Proprietary: 'sts.md 2.2',
  ClassThree: 'sts.md 2.1',
};

function tokenRefusals(): VectorFile<'token-refusal'> {
  const tests = [...checksumTests(), ...otherTests(), ...unsupportedTests(), ...malformedTests()];
  return {
    algorithm: 'Tokens that no meter carries out',
    schema: 'token-refusal',
    notes: {
      OneBit: 'one bit of the checksum is wrong',
      CrcKind: 'CRC on a currency token, or CRC_C on another: both must fail',
      CrcForm: 'a checksum made as programs often make it wrongly',
      OtherKey: 'made under another key: another meter, tariff index or revision',
      OtherAlgorithm: 'made for the other encryption algorithm',
      OtherClass: 'the class bits are not those that the checksum was made with',
      Mistyped: 'digits as fingers get them wrong',
      Reserved: 'a subclass that the standard reserves',
      Proprietary: 'a subclass that is free for makers: not this reader’s to understand',
      ClassThree: 'class 3 is reserved; nothing says how it would be encrypted (open question A13)',
      FourthSection: 'no set for a 64-bit key has a fourth section',
      TariffIndex: 'TI above 99, as binary-coded decimal makes it',
      SupplyGroup: 'SGC above 999999',
      Padding: 'the 20 bits after the SGC are zero in every published token; our reading',
      ClearTamper: 'the value is 0000 in every published token; our reading',
      ManufacturerCode: 'a code of two digits above 99, or of four above 9999; our reading',
      ExtendedRead: 'the bits after the index are zero in every known token; our reading (open question B3)',
    },
    groups: groupedByClause(tests, ({ flags }) => CLAUSE_OF_FLAG[flags[0] ?? ''] ?? 'sts.md 3').map(
      ([clause, grouped]) => ({ clause, source: OURS, tests: grouped }),
    ),
  };
}
