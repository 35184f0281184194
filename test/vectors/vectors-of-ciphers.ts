/** Vectors of the block ciphers. */

import { blockFromHex, hexFromBlock, xorBlocks } from '../../lib/crypto/block-cipher.ts';
import { createMisty1 } from '../../lib/crypto/misty1.ts';
import { createSta } from '../../lib/crypto/sta.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { DES_SUBSTITUTION_TABLE_TEST, MISTY1_RFC_2994, STS_531_1 } from './published.ts';
import type { VectorFile, VectorGroup } from './schema.ts';

type Group = VectorGroup<'block-cipher'>;
type Test = Group['tests'][number];

const STS = { name: 'STS 531-1', version: 'Ed 2.2', trust: 'published' } as const;

export function blockCipherFiles(): Record<string, VectorFile<'block-cipher'>> {
  return {
    des: {
      algorithm: 'DES',
      schema: 'block-cipher',
      notes: { Published: 'printed in the document itself' },
      groups: [
        {
          clause: 'FIPS 46-3; NIST SP 800-17 Table A.4',
          source: { name: 'NIST SP 800-17', version: '1998-02', trust: 'published' },
          tests: DES_SUBSTITUTION_TABLE_TEST.map(([key, msg, ct], i) =>
            cipherTest(`substitution table ${i + 1}`, ['Published'], key, msg, ct),
          ),
        },
      ],
    },
    misty1: {
      algorithm: 'MISTY1 (EA11)',
      schema: 'block-cipher',
      notes: {
        Published: 'printed in the document itself',
        TokenBlock: 'the block of an official token: encrypted by the key that its case names',
        Chained: 'second and later blocks of CBC, written as the block that enters the cipher',
      },
      groups: [rfc2994(), tokenBlocks(11, 'RFC 2994 2.1-2.3; sts.md 5.3')],
    },
    sta: {
      algorithm: 'Standard Transfer Algorithm (EA07)',
      schema: 'block-cipher',
      notes: {
        TokenBlock: 'the block of an official token: encrypted by the key that its case names',
        Traced: 'traced round by round in sts.md 5.1, computed by our reference only',
      },
      groups: [
        tokenBlocks(7, 'sts.md 5.1'),
        {
          clause: 'sts.md 5.1',
          source: { name: 'Wattoken', version: '1', trust: 'ours-alone' },
          tests: [
            cipherTest('run A', ['Traced'], '9fafbfcfdfef7f8f', '960110270000000a', 'a1393c512b31d395'),
          ],
        },
      ],
    },
  };
}

function rfc2994(): Group {
  const { key, iv, messages, ecb, cbc } = MISTY1_RFC_2994;
  const tests = messages.map((msg, i) =>
    cipherTest(`ECB block ${i + 1}`, ['Published'], key, msg, ecb[i] ?? ''),
  );
  let before: string = iv;
  for (const [i, msg] of messages.entries()) {
    const entering = hexFromBlock(xorBlocks(blockFromHex(msg), blockFromHex(before)));
    tests.push(cipherTest(`CBC block ${i + 1}`, ['Published', 'Chained'], key, entering, cbc[i] ?? ''));
    before = cbc[i] ?? '';
  }
  return {
    clause: 'RFC 2994 2.1-2.3, Appendix A',
    source: { name: 'RFC 2994', version: '2000-11', trust: 'published' },
    tests,
  };
}

/** What the cipher makes of the official clear blocks; the official digits confirm it through `token-block.json`. */
function tokenBlocks(ea: 7 | 11, clause: string): Group {
  const tests = STS_531_1.tokens_ed2_2
    .filter((token) => token.ea === ea)
    .map((token) => {
      const cipher = ea === 7 ? createSta : createMisty1;
      const block = blockFromHex(token.block);
      cipher(bytesFromHex(token.decoderKey)).encrypt(block);
      return cipherTest(
        `${token.case} ${token.name}`,
        ['TokenBlock'],
        token.decoderKey,
        token.block,
        hexFromBlock(block),
      );
    });
  return { clause, source: STS, tests };
}

function cipherTest(comment: string, flags: string[], key: string, msg: string, ct: string): Test {
  return { comment, flags, key, msg, ct, result: 'valid' };
}
