/** Cases that must be refused at reading: digits that are no token, checksums that do not fit, kinds and forms that none has. */
import { type Case, member, refusalCodes, type Step } from './expectations.ts';
import { TEST_KEY } from './suite-tokens.ts';
import { type TokenNumberTest, type TokenRefusalTest, testsOf } from './vector-files.ts';

export function refusalCases(): Case[] {
  return [...tokenNumberCases(), ...tokenRefusalCases()];
}

/** Text that is no token number; what a till may take besides bare digits, the protocol does not ask. */
function tokenNumberCases(): Case[] {
  return testsOf<TokenNumberTest>('token-number')
    .filter(({ test }) => test.result === 'invalid')
    .map(({ file, clause, trust, test }) => ({
      id: `${file}/${test.tcId}/decode`,
      file,
      title: test.comment,
      clause,
      trust,
      steps: [
        {
          op: 'decode',
          fields: () => ({ ...TEST_KEY, tokenNo: test.text }),
          expect: {
            clause,
            codes: [...refusalCodes(test), 'token_number_malformed', 'token_number_too_large'],
            results: ['CRCError', 'FormatError'],
          },
        },
      ],
    }));
}

function tokenRefusalCases(): Case[] {
  return testsOf<TokenRefusalTest>('token-refusal').map(({ file, clause, trust, test }) => ({
    id: `${file}/${test.tcId}/decode`,
    file,
    title: test.comment,
    clause,
    trust,
    steps: [
      {
        op: 'decode',
        fields: () => ({
          encryptionAlgorithm: test.encryptionAlgorithm,
          decoderKey:
            test.decoderKey ?? (test.encryptionAlgorithm === 7 ? TEST_KEY.decoderKey : '0'.repeat(32)),
          tokenNo: test.tokenNo,
        }),
        expect: expectationOf(clause, test),
      },
    ],
  }));
}

/** Forms and subclasses of which public sources show one reading alone: who reads them all the same has not failed. */
const OUR_READING = new Set(['ClearTamper', 'Padding', 'ManufacturerCode', 'ExtendedRead', 'Proprietary']);

function expectationOf(clause: string, { outcome, flags }: TokenRefusalTest): Step['expect'] {
  const mayAnswer = flags.some((flag) => OUR_READING.has(flag));
  switch (outcome) {
    case 'crcError':
      return [member(clause, 'result', 'CRCError')];
    case 'malformed':
      return { clause, codes: ['request_malformed'], results: ['FormatError', 'RangeError'], mayAnswer };
    case 'unsupported':
      return {
        clause,
        codes: ['operation_unsupported'],
        // Class 3: nobody knows whether its checksum would be looked at (open question A13).
        results: ['FunctionError', 'FormatError', ...(flags.includes('Reserved') ? [] : ['CRCError'])],
        mayAnswer,
      };
  }
}
