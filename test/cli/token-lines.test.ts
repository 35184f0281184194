/** Fields of one line: what is read a field at a time is what the whole shape of the protocol reads. */
import { BigNumber } from 'bignumber.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { type TokenFields, tokenFields } from '../../cli/conformance/protocol.ts';
import { tokenOfFields } from '../../cli/conformance/token-fields.ts';
import { readFields } from '../../cli/token-lines.ts';
import { isStsFault } from '../../lib/faults.ts';
import { chance, type Draw } from '../support/chance.ts';
import { count, report, seedOf } from '../support/counts.ts';

const test = suite('cli: token lines');

const LINES = count(1_000_000, 20_000);
const NAMES = [...Object.keys(tokenFields), 'unknown', '__proto__', 'constructor', ''];
/** Right for some field and wrong for others. */
const VALUES: readonly unknown[] = [
  0,
  1,
  3,
  15,
  16,
  -1,
  1.5,
  65_536,
  2 ** 53,
  null,
  true,
  'ab',
  '93',
  '12.5',
  '-0.1',
];
const MORE: readonly unknown[] = ['2014-03-01T13:00', '1e9', '0'.repeat(129), [], {}, undefined, Number.NaN];

function drawnLine(draw: Draw): object {
  const values = [...VALUES, ...MORE];
  const line: Record<string, unknown> = {};
  const put = (name: string, value: unknown): void => {
    Object.defineProperty(line, name, { value, enumerable: true, configurable: true, writable: true });
  };
  if (draw(8) > 0) put('class', draw(4));
  if (draw(8) > 0) put('subclass', draw(16));
  for (let left = draw(4); left > 0; left -= 1)
    put(NAMES[draw(NAMES.length)] ?? '', values[draw(values.length)]);
  return line;
}

test('when fields are read one by one then they are taken or refused as by the whole shape', () => {
  const draw = chance(seedOf('fields of a line'));
  const whole = z.strictObject(tokenFields);
  let taken = 0;
  for (let i = 0; i < LINES; i += 1) {
    const line = drawnLine(draw);
    const expected = whole.safeParse(line);
    let read: TokenFields | undefined;
    try {
      read = readFields(line);
    } catch (error) {
      if (!isStsFault(error) || error.code !== 'request_malformed') throw error;
    }
    assert.is(read !== undefined, expected.success, JSON.stringify(line));
    if (read === undefined || !expected.success) continue;
    taken += 1;
    assert.equal({ ...read }, { ...expected.data });
  }
  assert.ok(taken > LINES / 10 && taken < LINES);
  report(`${LINES} lines, ${taken} of them taken: the same as by the whole shape`);
  for (const value of [null, undefined, 7, 'text', [], [1]])
    assert.throws(() => readFields(value), isStsFault);
});

test('when an amount has more digits than its token then it is rounded up as decimal arithmetic rounds', () => {
  const draw = chance(seedOf('amounts'));
  const digits = (most: number): string => Array.from({ length: 1 + draw(most) }, () => draw(10)).join('');
  for (let i = 0; i < LINES; i += 1) {
    const fraction = draw(4) === 0 ? '' : `.${draw(6) === 0 ? '0'.repeat(1 + draw(8)) : digits(12)}`;
    const amount = `${draw(3) === 0 ? '-' : ''}${digits(9)}${fraction}`;
    const token = tokenOfFields({ class: 0, subclass: 4, tidMinutes: 1, amount }, 11);
    const expected = new BigNumber(amount).shiftedBy(5).integerValue(BigNumber.ROUND_CEIL);
    assert.is(
      token.kind === 'currencyCredit' && token.amountHundredThousandth,
      BigInt(expected.toFixed()),
      amount,
    );
  }
  report(`${LINES} amounts: the same as by BigNumber`);
});

test.run();
