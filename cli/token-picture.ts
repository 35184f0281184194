/** One token whole, for people and as data: what it carries in their units, and its 66 bits before and after decryption. */
import { hexFromBlock } from '../lib/crypto/block-cipher.ts';
import { hexFromWord } from '../lib/hex.ts';
import { groupTokenNo, readTokenNo } from '../lib/token/token-no.ts';
import { codingRow, type DescribeOptions, type Rows, tokenRows } from './describe-token.ts';
import { drawFields } from './draw-token.ts';
import { table } from './output.ts';
import { clearFields, hexOfFields, keyedFields, type LaidField } from './token-layout.ts';
import { CLASS_NAMES, readingAsJson, type TokenReading } from './token-lines.ts';

export interface PictureOptions extends DescribeOptions {
  readonly keyBits: 64 | 128;
}

export interface Picture {
  /** The value for `--json`. */
  readonly json: {
    readonly token66: string;
    readonly bits: { readonly keyed: readonly LaidField[]; readonly clear?: readonly LaidField[] };
  };
  /** Lines of at most 80 columns. */
  readonly text: string;
}

export function pictureOf(reading: TokenReading, options: PictureOptions): Picture {
  const { tokenNo, tokenClass, encrypted, clear, token } = reading;
  const keyed = keyedFields(tokenClass, encrypted);
  const opened =
    clear === undefined
      ? undefined
      : clearFields(tokenClass, clear, {
          keyBits: options.keyBits,
          isRead: token !== undefined && token.kind !== 'crcError',
          showKeyBits: options.showKeyBits === true,
        });
  const { top, high, low } = readTokenNo(tokenNo, { top: 0, high: 0, low: 0 });
  const token66 = `${top}${hexFromWord(high)}${hexFromWord(low)}`;
  const json = {
    ...readingAsJson(reading, options),
    token66,
    bits: { keyed, ...(opened === undefined ? {} : { clear: opened }) },
  };
  const rows: Rows = [
    ['token', groupTokenNo(tokenNo)],
    ['class', `${tokenClass}  ${CLASS_NAMES[tokenClass]}`],
    ['66 bits', token66],
    [tokenClass === 1 ? 'block' : 'block, encrypted', hexFromBlock(encrypted)],
  ];
  if (opened !== undefined && tokenClass !== 1) rows.push(['block, clear', hexOfFields(opened.slice(1))]);
  if (token === undefined) rows.push(['fields', 'give --meter-file to decrypt with a meter’s key']);
  else rows.push(...tokenRows(token, options), ...(clear === undefined ? [] : codingRow(token, clear)));
  return { json, text: [table(rows), ...pictures(tokenClass, keyed, opened)].join('\n') };
}

function pictures(tokenClass: number, keyed: LaidField[], opened: LaidField[] | undefined): string[] {
  const isClear = tokenClass === 1;
  const drawn = [
    '',
    `As keyed in${isClear ? ', clear' : ', encrypted'}: the class stands inside, two bits of the block in front`,
    ...drawFields(keyed),
  ];
  if (opened === undefined) return drawn;
  const what = isClear ? 'With the class in front' : 'Decrypted, with the class in front';
  const hidden = opened.some(({ bits }) => bits === null)
    ? ['  * bits of the new key, and the CRC over them: --show-key-bits shows them']
    : [];
  return [...drawn, '', what, ...drawFields(opened), ...hidden];
}
