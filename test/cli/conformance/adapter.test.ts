/** Whatever stands in a line, the adapter answers it, names what is wrong, and tells no secret. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AdapterSession } from '../../../cli/conformance/adapter.ts';
import { type Line, LineReader } from '../../../cli/conformance/lines.ts';
import { FAULTS } from '../../../lib/faults.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('cli/conformance: adapter');

const KEY = '87f3ecbb2e46b48f';
const ENCODE = {
  id: 1,
  op: 'encode',
  encryptionAlgorithm: 7,
  decoderKey: KEY,
  class: 0,
  subclass: 0,
  issued: '2014-03-01T13:00',
  baseDate: '14',
  rnd: 5,
  amount: '0.1',
};
const METER = {
  op: 'meterNew',
  meterPan: '600727000000000009',
  encryptionAlgorithm: 7,
  decoderKey: KEY,
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
};
const DERIVE = {
  op: 'decoderKey',
  dkga: 4,
  encryptionAlgorithm: 7,
  vendingKey: 'abababababababab949494949494949401234567',
  meterPan: '600727000000000009',
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
};

type Reply = Record<string, unknown> & { error?: { code: string; message: string } };

function ask(value: unknown, session = new AdapterSession()): Reply {
  return JSON.parse(session.answerLine(JSON.stringify(value))) as Reply;
}

test('when a token is asked for then the answer shows the values in the middle', () => {
  assert.equal(ask(ENCODE), {
    id: 1,
    block: '05014eec00013188',
    token66: '3d431f4b0860e9f62',
    tokenNo: '70630503470028726114',
  });
  assert.equal(ask({ ...DERIVE, id: 'k' }), { id: 'k', decoderKey: KEY });
});

test('when a token is read then its fields and its date are answered', () => {
  const asked = { op: 'decode', encryptionAlgorithm: 7, decoderKey: KEY, tokenNo: '70630503470028726114' };
  assert.equal(ask({ ...asked, baseDate: '14' }), {
    id: null,
    result: 'ok',
    class: 0,
    subclass: 0,
    rnd: 5,
    tidMinutes: 85_740,
    value: 1,
    amount: '0.1',
    issued: '2014-03-01T13:00',
  });
});

test('when a meter takes a token twice then it credits once and shows no key', () => {
  const session = new AdapterSession();
  const { meter } = ask(METER, session);
  const enter = (at: number) =>
    ask({ op: 'meterEnter', meter, tokenNo: '70630503470028726114', at }, session);
  const first = enter(0);
  assert.is(first['result'], 'Accept');
  assert.is((first['credit'] as Record<string, string>)['electricity'], '0.100000');
  assert.is(enter(1)['result'], 'UsedError');
  assert.not.match(JSON.stringify(first), new RegExp(KEY));
});

test('when a line is hostile then it is refused by name', () => {
  const expected: readonly (readonly [unknown, string])[] = [
    [[], 'request_malformed'],
    [null, 'request_malformed'],
    [17, 'request_malformed'],
    ['encode', 'request_malformed'],
    [{}, 'request_malformed'],
    [{ op: 7 }, 'request_malformed'],
    [{ op: 'rob' }, 'operation_unsupported'],
    [{ op: 'constructor' }, 'operation_unsupported'],
    [{ op: '__proto__' }, 'operation_unsupported'],
    [{ ...ENCODE, id: { a: 1 } }, 'request_malformed'],
    [{ ...ENCODE, extra: 1 }, 'request_malformed'],
    [{ ...ENCODE, class: '0' }, 'request_malformed'],
    [{ ...ENCODE, class: 3 }, 'operation_unsupported'],
    [{ ...ENCODE, subclass: 8 }, 'operation_unsupported'],
    [{ ...ENCODE, rnd: 16 }, 'request_malformed'],
    [{ ...ENCODE, rnd: undefined }, 'request_malformed'],
    [{ ...ENCODE, amount: 'NaN' }, 'request_malformed'],
    [{ ...ENCODE, amount: '1e9' }, 'request_malformed'],
    [{ ...ENCODE, amount: '-0.1' }, 'amount_out_of_range'],
    [{ ...ENCODE, amount: '1820162.41' }, 'amount_out_of_range'],
    [{ ...ENCODE, amount: '9'.repeat(40) }, 'amount_out_of_range'],
    [{ ...ENCODE, amount: '9'.repeat(41) }, 'request_malformed'],
    [{ ...ENCODE, subclass: 4, amount: '9'.repeat(40) }, 'amount_out_of_range'],
    [{ ...ENCODE, issued: '2014-13-01T00:00' }, 'request_malformed'],
    [{ ...ENCODE, issued: '2026-02-30T00:00' }, 'request_malformed'],
    [{ ...ENCODE, issued: '2013-12-31T23:59' }, 'date_out_of_range'],
    [{ ...ENCODE, tidMinutes: 2 ** 24 }, 'request_malformed'],
    [{ ...ENCODE, encryptionAlgorithm: 9 }, 'algorithm_not_supported'],
    [{ ...ENCODE, encryptionAlgorithm: 11 }, 'request_malformed'],
    [{ ...ENCODE, decoderKey: undefined }, 'request_malformed'],
    [{ ...ENCODE, decoderKey: KEY.slice(1) }, 'request_malformed'],
    [{ ...DERIVE, dkga: 1 }, 'algorithm_not_supported'],
    [{ ...DERIVE, keyType: 0 }, 'key_type_not_supported'],
    [{ ...DERIVE, meterPan: '600727000000000008' }, 'meter_number_check_digit'],
    [{ ...DERIVE, meterPan: '00000000000' }, 'meter_number_malformed'],
    [{ ...DERIVE, supplyGroupCode: '20145' }, 'supply_group_malformed'],
    [{ ...DERIVE, vendingKey: 'abababababababab' }, 'request_malformed'],
    [{ op: 'decode', encryptionAlgorithm: 7, decoderKey: KEY, tokenNo: '1' }, 'token_number_malformed'],
    [
      { op: 'decode', encryptionAlgorithm: 7, decoderKey: KEY, tokenNo: '73786976294838206464' },
      'token_number_too_large',
    ],
    [
      { op: 'keyChange', from: DERIVE, to: DERIVE, keyExpiry: 255, threeSections: false },
      'request_malformed',
    ],
    [{ op: 'meterEnter', meter: 'meter-9', tokenNo: '1', at: 0 }, 'meter_unknown'],
    [{ op: 'meterEnter', meter: 'meter-9', tokenNo: '1', at: -1 }, 'request_malformed'],
    [{ ...METER, tidMemory: new Array(51).fill(1) }, 'request_malformed'],
    [{ ...METER, keyRevision: 0 }, 'request_malformed'],
  ];
  for (const [value, code] of expected) {
    const { error } = ask(value);
    assert.is(error?.code, code, JSON.stringify(value));
    assert.not.match(error?.message ?? '', /87f3ec|abab/, JSON.stringify(value));
  }
  for (const line of ['', '{', 'nonsense', '\u0000', '{"op":"encode"}{', '['.repeat(10_000)]) {
    const reply = JSON.parse(new AdapterSession().answerLine(line)) as Reply;
    assert.is(reply.error?.code, 'request_malformed', line.slice(0, 20));
    assert.is(reply['id'], null);
  }
});

test('when the base date would move back then the set is refused', () => {
  const { op: _, ...from } = DERIVE;
  const asked = {
    op: 'keyChange',
    from: { ...from, baseDate: '35' },
    to: from,
    keyExpiry: 255,
    threeSections: false,
  };
  assert.is(ask(asked).error?.code, 'request_malformed');
  const other = { ...from, encryptionAlgorithm: 11 };
  assert.is(ask({ ...asked, from, to: other }).error?.code, 'algorithm_not_supported');
});

test('when a session is full of meters then the next is refused and the others work', () => {
  const session = new AdapterSession();
  for (let i = 0; i < 10_000; i += 1) session.answer(METER);
  assert.is(ask(METER, session).error?.code, 'request_too_large');
  assert.is(
    ask({ op: 'meterEnter', meter: 'meter-1', tokenNo: '70630503470028726114', at: 0 }, session)['result'],
    'Accept',
  );
});

test('when requests are random then each is answered on one line, with a known code where refused', () => {
  const seed = seedOf('adapter');
  const runs = count(200_000, 2_000);
  const session = new AdapterSession();
  const samples = [
    ENCODE,
    METER,
    DERIVE,
    { op: 'meterEnter', meter: 'meter-1', tokenNo: '0'.repeat(20), at: 0 },
  ];
  let refused = 0;
  const fields = fc.constantFrom(...new Set(samples.flatMap((sample) => Object.keys(sample))));
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fields,
      fc.anything({ withBigInt: false }),
      (sample, name, value) => {
        let line: string;
        try {
          line = JSON.stringify({ ...sample, [name]: value }) ?? 'undefined';
        } catch {
          return;
        }
        const text = session.answerLine(line);
        assert.not(text.includes('\n'));
        const { error } = JSON.parse(text) as Reply;
        if (error === undefined) return;
        refused += 1;
        assert.ok(Object.hasOwn(FAULTS, error.code), error.code);
        assert.is.not(error.code, 'internal_error', line.slice(0, 300));
      },
    ),
    { seed, numRuns: runs },
  );
  report(`${runs} random requests, ${refused} refused by name, none by accident`);
});

test('when text comes in pieces then lines are whole, bounded, and end as they may', () => {
  const lines = (pieces: string[], limit?: number): Line[] => {
    const reader = new LineReader(limit);
    return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
  };
  const texts = (found: Line[]) => found.map((line) => (line.kind === 'line' ? line.text : null));
  assert.equal(texts(lines(['a', 'b\nc', '\r\n', 'd'])), ['ab', 'c', 'd']);
  assert.equal(texts(lines(['abcdef', 'gh\nok\n'], 5)), [null, 'ok']);
  assert.equal(texts(lines(['abcdefgh\nok\n'], 5)), [null, 'ok']);
  assert.equal(texts(lines(['\n\n'])), ['', '']);
});

test.run();
