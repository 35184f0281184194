/** Cases that must be refused: digits that are no token, checksums that do not fit, requests that make no sense. */
import { blockFromHex } from '../../lib/crypto/block-cipher.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { currencyTokenCrc, tokenCrc } from '../../lib/token/crc.ts';
import { type TokenClass, tokenNoOfBlock } from '../../lib/token/frame.ts';
import { type Case, member, type Step } from './expectations.ts';
import { TEST_KEY } from './suite-tokens.ts';
import { type TokenBlockTest, testsOf } from './vector-files.ts';

const OTHER_KEY = '7f78cdd220be39b8';
const CREDIT = '70630503470028726114';
const DEFECT = ['token_number_malformed', 'token_number_too_large', 'request_malformed'];

/** 20 digits of a block whose first 48 bits are given; its CRC is the right one of the kind, and so may be the wrong kind. */
function tokenOf(tokenClass: TokenClass, head: string, crcKind: 'crc' | 'crcC', spoil = 0): string {
  const block = blockFromHex(`${head}0000`);
  const crc = (crcKind === 'crc' ? tokenCrc : currencyTokenCrc)(tokenClass, block[0] ?? 0, block[1] ?? 0);
  block[1] = (block[1] ?? 0) | (crc ^ spoil);
  if (tokenClass !== 1) createTokenCipher(7, bytesFromHex(TEST_KEY.decoderKey)).encrypt(block);
  return tokenNoOfBlock(tokenClass, block);
}

export function refusalCases(): Case[] {
  const decode = (
    id: string,
    title: string,
    clause: string,
    fields: Record<string, unknown>,
    expect: Step['expect'],
  ): Case => ({
    id: `rules/${id}/decode`,
    file: 'rules',
    title,
    clause,
    trust: 'ours-alone',
    steps: [{ op: 'decode', fields: () => ({ ...TEST_KEY, ...fields }), expect }],
  });
  const crcError = [member('sts.md 3', 'result', 'CRCError')];
  const noToken = { clause: 'sts.md 4', codes: DEFECT, results: ['CRCError'] };
  const rows: Case[] = [
    decode('digits-19', '19 digits', 'sts.md 4', { tokenNo: CREDIT.slice(1) }, noToken),
    decode('digits-21', '21 digits', 'sts.md 4', { tokenNo: `0${CREDIT}` }, noToken),
    decode('digits-letter', 'a letter', 'sts.md 4', { tokenNo: `${CREDIT.slice(1)}A` }, noToken),
    decode('digits-none', 'nothing', 'sts.md 4', { tokenNo: '' }, noToken),
    decode('digits-2-66', '2^66', 'sts.md 4', { tokenNo: '73786976294838206464' }, noToken),
    decode('digits-nines', 'twenty nines', 'sts.md 4', { tokenNo: '99999999999999999999' }, noToken),
    decode(
      'crc-other-key',
      'a token of another key',
      'sts.md 3',
      { tokenNo: CREDIT, decoderKey: OTHER_KEY },
      crcError,
    ),
    decode(
      'crc-plain-on-currency',
      'currency credit with the plain CRC',
      'sts.md 3',
      { tokenNo: tokenOf(0, '40014eec60aa', 'crc') },
      crcError,
    ),
    decode(
      'crc-c-on-credit',
      'electricity credit with CRC_C',
      'sts.md 3',
      { tokenNo: tokenOf(0, '05014eec0001', 'crcC') },
      crcError,
    ),
    decode(
      'crc-one-bit',
      'one bit of the CRC is wrong',
      'sts.md 3',
      { tokenNo: tokenOf(0, '05014eec0001', 'crc', 1) },
      crcError,
    ),
    decode(
      'crc-clear',
      'a clear token whose CRC does not fit',
      'sts.md 3',
      { tokenNo: tokenOf(1, '000000000100', 'crc', 0x8000) },
      crcError,
    ),
    decode(
      'reserved-credit',
      'class 0 subclass 8 is reserved',
      'sts.md 2.2',
      { tokenNo: tokenOf(0, '85014eec0001', 'crc') },
      { clause: 'sts.md 2.2', codes: ['operation_unsupported'], results: ['FunctionError', 'FormatError'] },
    ),
  ];
  return [...rows, ...mistypedCases()];
}

/** Each official token of one kind with its last digit raised: refused unless the checksum happens to fit. */
function mistypedCases(): Case[] {
  const clause = 'sts.md 3';
  return testsOf<TokenBlockTest>('token-block')
    .filter(({ test }) => test.tokenClass !== 1 && test.tcId % 10 === 0)
    .map(({ file, test }) => {
      const last = (Number(test.tokenNo.at(-1)) + 1) % 10;
      return {
        id: `${file}/${test.tcId}/mistyped`,
        file,
        title: `${test.comment}, last digit mistyped`,
        clause,
        trust: 'ours-alone',
        steps: [
          {
            op: 'decode',
            fields: () => ({
              encryptionAlgorithm: test.encryptionAlgorithm,
              decoderKey: test.decoderKey,
              tokenNo: test.tokenNo.slice(0, -1) + last,
            }),
            expect: [member(clause, 'result', 'CRCError')],
          },
        ],
      };
    });
}
