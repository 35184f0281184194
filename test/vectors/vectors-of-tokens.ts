/** Vectors of checksums, amounts, token identifiers, token blocks and credit tokens. */
import { type Block, blockFromHex, hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { bytesFromHex, hexFromWord } from '../../lib/hex.ts';
import { decodeAmount } from '../../lib/token/amount.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import type { DecodedToken } from '../../lib/token/kinds.ts';
import { decodeToken } from '../../lib/token/token.ts';
import { readTokenNo } from '../../lib/token/token-no.ts';
import { clauseOfKind, groupedByClause } from './groups.ts';
import { AMOUNT_ENDS, AMOUNTS, CRCS, STS_531_1 } from './published.ts';
import type { VectorFile, VectorTest } from './schema.ts';
import { attributesOf } from './vectors-of-identity.ts';

const STS = { name: 'STS 531-1', version: 'Ed 2.2', trust: 'published' } as const;
const OURS = { name: 'Wattoken', version: '1', trust: 'ours-alone' } as const;

export function tokenFiles() {
  return {
    crc: crcs(),
    amount: amounts(),
    'token-identifier': tokenIdentifiers(),
    'token-block': tokenBlocks(),
    'token-fields': tokenFields(),
    'credit-electricity': credits(),
  };
}

function crcs(): VectorFile<'crc'> {
  const test = (kind: 'crc' | 'crcC', tokenClass: number, msg: string, crc: string, comment: string) => ({
    comment,
    flags: ['Published'],
    kind,
    tokenClass,
    msg,
    input: `0${tokenClass}${msg}${kind === 'crcC' ? '01' : ''}`,
    crc,
    result: 'valid' as const,
  });
  return {
    algorithm: 'CRC and CRC_C of a token',
    schema: 'crc',
    notes: { Published: 'printed by the STSA, or the last 16 bits of an official block' },
    groups: [
      {
        clause: 'sts.md 3',
        source: { name: 'STSA cryptography definitions', version: '2025', trust: 'published' },
        tests: CRCS.map(({ kind, tokenClass, msg, crc, comment }) =>
          test(kind, tokenClass, msg, crc, comment),
        ),
      },
      {
        clause: 'sts.md 3',
        source: STS,
        tests: allBlocks().map(({ tokenClass, block, comment, currency }) =>
          test(currency ? 'crcC' : 'crc', tokenClass, block.slice(0, 12), block.slice(12), comment),
        ),
      },
    ],
  };
}

function amounts(): VectorFile<'amount'> {
  const refuse = (units: number, comment: string) =>
    ({ comment, flags: ['Range'], units, fault: 'amount_out_of_range', result: 'invalid' }) as const;
  return {
    algorithm: 'Amount coding',
    schema: 'amount',
    notes: {
      Rounding: 'coded upward: the customer never loses',
      Range: 'beyond what 16 bits carry: refused, never wrapped',
    },
    groups: [
      {
        clause: 'sts.md 2.3',
        source: { name: 'sts.md', version: '2.3', trust: 'second-implementation' },
        tests: AMOUNTS.map(([units, field, carried]) => ({
          comment: `${units} units`,
          flags: units === carried ? [] : ['Rounding'],
          units,
          field,
          carried,
          result: 'valid' as const,
        })),
      },
      {
        clause: 'sts.md 2.3',
        source: OURS,
        tests: [
          ...AMOUNT_ENDS.map(([units, field, carried]) => ({
            comment: `${units} units`,
            flags: units === carried ? [] : ['Rounding'],
            units,
            field,
            carried,
            result: 'valid' as const,
          })),
          refuse(18_201_625, 'one above the largest'),
          refuse(-1, 'below zero'),
          refuse(0.5, 'half a unit'),
          refuse(18_201_623.5, 'half a unit below the largest'),
          refuse(2 ** 32 + 1, 'one, were it wrapped at 32 bits'),
          refuse(2 ** 53, 'beyond whole numbers of a float'),
          refuse(1e21, 'printed with an exponent'),
        ],
      },
    ],
  };
}

function tokenIdentifiers(): VectorFile<'token-identifier'> {
  const seen = new Map<string, Omit<VectorTest<'token-identifier'>, 'tcId'>>();
  for (const token of STS_531_1.tokens_ed2_2) {
    const issued = token.issued.replace(' ', 'T');
    seen.set(`${token.bdt} ${issued}`, {
      comment: token.case,
      flags: issued.endsWith('T00:01') ? ['Published', 'ReservedMinute'] : ['Published'],
      issued,
      baseDate: token.bdt,
      tidMinutes: token.tid,
      result: 'valid',
    });
  }
  const after = (
    comment: string,
    issued: string,
    lastTidMinutes: number,
    tidMinutes: number,
    flags: string[],
  ) => ({ comment, flags, issued, baseDate: '14', lastTidMinutes, tidMinutes, result: 'valid' }) as const;
  const refuse = (comment: string, issued: string, baseDate: string) =>
    ({ comment, flags: ['Range'], issued, baseDate, fault: 'date_out_of_range', result: 'invalid' }) as const;
  return {
    algorithm: 'Token identifier',
    schema: 'token-identifier',
    notes: {
      Published: 'the identifier of an official token',
      ReservedMinute: '00:01 belongs to the special reserved identifier: an ordinary token takes 00:02',
      Successor: 'the minute is taken: the identifier after the last one',
      Range: 'no date, before the base date, after its 2^24 minutes, or no identifier',
    },
    groups: [
      { clause: 'sts.md 1.3', source: STS, tests: [...seen.values()] },
      {
        clause: 'sts.md 1.3',
        source: OURS,
        tests: [
          after('same minute again', '2014-03-01T13:00', 85_740, 85_741, ['Successor']),
          after('clock behind the last token', '2014-03-01T13:00', 85_800, 85_801, ['Successor']),
          after('successor is reserved', '2014-01-02T00:00', 1440, 1442, ['Successor', 'ReservedMinute']),
          after('last minute of the base', '2045-11-24T20:15', 0xff_fffe, 0xff_ffff, []),
          after('first minute of the base', '2014-01-01T00:00', -1, 0, []),
          after('first token ever, in the reserved minute', '2014-01-01T00:01', -1, 2, ['ReservedMinute']),
          refuse('before base 2014', '2013-12-31T23:59', '14'),
          refuse('before base 1993', '1992-12-31T23:59', '93'),
          refuse('before base 2035', '2034-12-31T23:59', '35'),
          refuse('after base 2035', '2066-11-24T20:16', '35'),
          refuse('a month that no year has', '2026-13-01T00:00', '14'),
          refuse('no date', 'tomorrow', '14'),
          refuse('a base date that does not exist', '2026-01-01T00:00', '15'),
          { ...refuse('the last identifier is used', '2045-11-24T20:15', '14'), lastTidMinutes: 0xff_ffff },
          {
            ...refuse('a last identifier of 25 bits', '2026-01-01T00:00', '14'),
            lastTidMinutes: 0x100_0000,
            fault: 'RangeError',
            argument: 'lastTidMinutes',
          },
          {
            ...refuse('a last identifier below none', '2026-01-01T00:00', '14'),
            lastTidMinutes: -2,
            fault: 'RangeError',
            argument: 'lastTidMinutes',
          },
          refuse('after base 1993', '2024-11-24T20:16', '93'),
          refuse('after base 2014', '2045-11-24T20:16', '14'),
        ],
      },
    ],
  };
}

interface SourceBlock {
  readonly comment: string;
  readonly ea: 7 | 11;
  readonly decoderKey?: string;
  readonly tokenClass: number;
  readonly currency: boolean;
  readonly block: string;
  readonly tokenNo: string;
}

/** Every official token of whatever kind: 190 with TID, the sections of 14 key-change sets, 41 in clear. */
function allBlocks(): SourceBlock[] {
  return [
    ...STS_531_1.tokens_ed2_2.map((t) => ({
      comment: `${t.case} ${t.name}`,
      ea: t.ea,
      decoderKey: t.decoderKey,
      tokenClass: t.cls,
      currency: t.cls === 0 && t.sub >= 4,
      block: t.block,
      tokenNo: t.token,
    })),
    ...STS_531_1.keychange_ed2_2.flatMap((set) =>
      set.tokens.map((t, section) => ({
        comment: `${set.case} section ${section + 1}`,
        ea: set.ea,
        decoderKey: set.old.decoderKey,
        tokenClass: 2,
        currency: false,
        block: t.block,
        tokenNo: t.token,
      })),
    ),
    ...STS_531_1.class1.map((t) => ({
      comment: `class 1.${t.sub} ${t.test === undefined ? (t.note ?? '') : `test ${t.test}`}`.trim(),
      ea: 7 as const,
      tokenClass: 1,
      currency: false,
      block: t.block,
      tokenNo: t.token,
    })),
  ];
}

function tokenBlocks(): VectorFile<'token-block'> {
  return {
    algorithm: 'Block, encryption, transposition and digits',
    schema: 'token-block',
    notes: {
      Published: 'block and digits of an official token',
      Clear: 'class 1 is never encrypted; the algorithm and key do not matter',
    },
    groups: [
      {
        clause: 'sts.md 4',
        source: STS,
        tests: allBlocks().map(({ comment, ea, decoderKey, tokenClass, block, tokenNo }) => ({
          comment,
          flags: tokenClass === 1 ? ['Published', 'Clear'] : ['Published'],
          encryptionAlgorithm: ea,
          ...(decoderKey === undefined ? {} : { decoderKey }),
          tokenClass,
          block,
          encrypted: hexFromBlock(encrypted(block, ea, decoderKey)),
          crc: block.slice(12),
          token66: token66Hex(tokenNo),
          tokenNo,
          result: 'valid' as const,
        })),
      },
    ],
  };
}

function encrypted(block: string, ea: 7 | 11, decoderKey: string | undefined): Block {
  const words = blockFromHex(block);
  if (decoderKey !== undefined) createTokenCipher(ea, bytesFromHex(decoderKey)).encrypt(words);
  return words;
}

export function token66Hex(tokenNo: string): string {
  const { top, high, low } = readTokenNo(tokenNo, { top: 0, high: 0, low: 0 });
  return top.toString(16) + hexFromWord(high) + hexFromWord(low);
}

function tokenFields(): VectorFile<'token-fields'> {
  return {
    algorithm: 'Fields of every kind of token',
    schema: 'token-fields',
    notes: {
      Published: 'an official token',
      Clear: 'class 1 is never encrypted; the algorithm and key do not matter',
    },
    groups: groupedByClause(
      allBlocks().map(({ comment, ea, decoderKey, tokenClass, block, tokenNo }) => {
        const cipher = createTokenCipher(ea, bytesFromHex(decoderKey ?? '0'.repeat(ea === 7 ? 16 : 32)));
        return {
          comment,
          flags: tokenClass === 1 ? ['Published', 'Clear'] : ['Published'],
          encryptionAlgorithm: ea,
          ...(decoderKey === undefined ? {} : { decoderKey }),
          token: tokenAsJson(decodeToken(tokenNo, cipher)),
          block,
          tokenNo,
          result: 'valid' as const,
        };
      }),
      ({ token }) => clauseOfKind(token.kind),
    ).map(([clause, tests]) => ({ clause, source: STS, tests })),
  };
}

/** Amounts of currency pass 2^53: as text. */
export function tokenAsJson(token: DecodedToken): { kind: string } {
  return JSON.parse(JSON.stringify(token, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
}

function credits(): VectorFile<'credit-electricity'> {
  return {
    algorithm: 'TransferCredit electricity',
    schema: 'credit-electricity',
    notes: {
      Published: 'an official token',
      Rounding: 'the token carries more than was asked for: coding rounds upward',
      ReservedMinute: 'issued at 00:01, numbered 00:02',
    },
    groups: [
      {
        clause: 'sts.md 2.1, 2.3, 4',
        source: STS,
        tests: STS_531_1.tokens_ed2_2
          .filter((token) => token.cls === 0 && token.sub === 0)
          .map((token) => {
            const amountDeciKwh = deciKwhOf(token.input ?? '');
            const carriedDeciKwh = decodeAmount(Number.parseInt(token.value, 16));
            const flags = ['Published'];
            if (carriedDeciKwh !== amountDeciKwh) flags.push('Rounding');
            if (token.issued.endsWith('00:01')) flags.push('ReservedMinute');
            return {
              comment: token.case,
              flags,
              ...attributesOf(token),
              decoderKey: token.decoderKey,
              issued: token.issued.replace(' ', 'T'),
              tidMinutes: token.tid,
              rnd: token.rnd ?? 0,
              amount: token.input ?? '',
              amountDeciKwh,
              carriedDeciKwh,
              block: token.block,
              crc: token.block.slice(12),
              token66: token66Hex(token.token),
              tokenNo: token.token,
              result: 'valid' as const,
            };
          }),
      },
    ],
  };
}

/** Decimal kWh to whole 0.1 kWh, upward, without floats. */
function deciKwhOf(kwh: string): number {
  const [whole = '0', fraction = ''] = kwh.split('.');
  const deci = Number(whole + (fraction[0] ?? '0'));
  return /[1-9]/.test(fraction.slice(1)) ? deci + 1 : deci;
}
