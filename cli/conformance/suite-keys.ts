/** Cases for the block ciphers, decoder keys and meter numbers (sts.md 1.1, 5, 6). */
import { luhnDigit } from '../../lib/identity/luhn.ts';
import { type Case, member, refusalCodes } from './expectations.ts';
import {
  type BlockTest,
  type DecoderKeyTest,
  type KeyAttributes,
  type MeterNumberTest,
  testsOf,
} from './vector-files.ts';

export function cipherCases(): Case[] {
  return (['sta', 'misty1'] as const).flatMap((name) => {
    const encryptionAlgorithm = name === 'sta' ? 7 : 11;
    const clause = name === 'sta' ? 'sts.md 5.1' : 'sts.md 5.3; RFC 2994 2.1-2.3';
    return testsOf<BlockTest>(name).flatMap(({ file, trust, test }) =>
      (['encrypt', 'decrypt'] as const).map((op): Case => {
        const [block, answer] = op === 'encrypt' ? [test.msg, test.ct] : [test.ct, test.msg];
        return {
          id: `${file}/${test.tcId}/${op}`,
          file,
          title: `${op}, ${test.comment}`,
          clause,
          trust,
          steps: [
            {
              op,
              fields: () => ({ encryptionAlgorithm, key: test.key, block }),
              expect: [member(clause, 'block', answer)],
            },
          ],
        };
      }),
    );
  });
}

/** The fields of `decoderKey`, as the protocol names them. */
export function decoderKeyFields(key: KeyAttributes): Record<string, unknown> {
  return {
    dkga: key.decoderKeyAlgorithm,
    encryptionAlgorithm: key.encryptionAlgorithm,
    vendingKey: key.vendingKey,
    meterPan: key.meterPan,
    supplyGroupCode: key.supplyGroupCode,
    tariffIndex: key.tariffIndex,
    keyRevision: key.keyRevision,
    keyType: key.keyType,
    baseDate: key.baseDate,
  };
}

const METER_NUMBER_CODES = ['meter_number_check_digit', 'meter_number_malformed', 'request_malformed'];

export function decoderKeyCases(): Case[] {
  return testsOf<DecoderKeyTest>('decoder-key').map(({ file, clause: ofGroup, trust, test }) => {
    const clause = test.result === 'valid' ? clauseOfDerivation(test.decoderKeyAlgorithm) : ofGroup;
    const refusal = {
      clause,
      codes: test.argument === 'meterPan' ? METER_NUMBER_CODES : refusalCodes(test),
      // An algorithm that no public vector covers may be built elsewhere and be right.
      mayAnswer: test.flags.includes('NoVector'),
    };
    return {
      id: `${file}/${test.tcId}/decoderKey`,
      file,
      title: test.comment,
      clause,
      trust,
      steps: [
        {
          op: 'decoderKey',
          fields: () => decoderKeyFields(test),
          expect: test.decoderKey === undefined ? refusal : [member(clause, 'decoderKey', test.decoderKey)],
        },
      ],
    };
  });
}

function clauseOfDerivation(decoderKeyAlgorithm: number): string {
  if (decoderKeyAlgorithm === 2) return 'sts.md 6.2';
  return decoderKeyAlgorithm === 4 ? 'sts.md 6.4' : 'sts.md 6.3';
}

/**
 * Numbers with a wrong digit, as the MeterPAN of a key request. A DRN that is wrong gets the PAN digit that would be right,
 * so that only its own digit can give it away.
 */
export function meterNumberCases(): Case[] {
  const clause = 'sts.md 1.1';
  const key = testsOf<DecoderKeyTest>('decoder-key')[0]?.test;
  if (key === undefined) return [];
  return testsOf<MeterNumberTest>('meter-number')
    .filter(({ test }) => test.result === 'invalid' && /^([0-9]{11}|[0-9]{13}|[0-9]{18})$/.test(test.text))
    .map(({ file, trust, test }) => {
      const body = `${test.text.length === 11 ? '600727' : '0000'}${test.text}`;
      const meterPan = test.text.length === 18 ? test.text : body + luhnDigit(body);
      return {
        id: `${file}/${test.tcId}/decoderKey`,
        file,
        title: `${test.comment}: ${test.text}`,
        clause,
        trust,
        steps: [
          {
            op: 'decoderKey',
            fields: () => ({ ...decoderKeyFields(key), meterPan }),
            expect: { clause, codes: METER_NUMBER_CODES },
          },
        ],
      };
    });
}
