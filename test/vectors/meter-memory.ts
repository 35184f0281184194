/** The identifiers that a meter remembers: used, old, late, and a memory that is full. */
import { accept, answer, atBoth, atOne, FULL, type HandStep, type MeterTest } from './meter-steps.ts';

export function usedTests(): MeterTest[] {
  return [
    atOne('other digits with a used identifier are used all the same', {}, (t) => [
      accept(t.kwh(1_000, 10), { credit: { electricity: '1' } }),
      answer('UsedError', t.kwh(1_000, 20), { comment: 'another amount' }),
      answer(
        'UsedError',
        t.make({ kind: 'creditElectricity', tidMinutes: 1_000, rnd: 9, amountDeciKwh: 10 }),
        {
          comment: 'another RND',
        },
      ),
    ]),
  ];
}

/** What follows where the owner's answer, used or older than the oldest, is read as an array that begins with zeros. */
export function lateEntryTests(): MeterTest[] {
  return [
    ...atBoth('a token bought before others is good after them', {}, (t) => [
      accept(t.kwh(90_010), { credit: { electricity: '1' } }),
      accept(t.kwh(90_005), { credit: { electricity: '2' }, comment: 'late' }),
      answer('UsedError', t.kwh(90_010)),
      answer('UsedError', t.kwh(90_005)),
    ]),
    atOne('until the memory is full nothing is old, in whatever order tokens come', {}, (t) => [
      ...[500, 900, 100, 700, 300, 1].map((tid, i) =>
        accept(t.kwh(tid), { credit: { electricity: String(i + 1) } }),
      ),
      ...[1, 100, 300, 500, 700, 900].map((tid) => answer('UsedError', t.kwh(tid))),
      accept(t.kwh(2), {
        credit: { electricity: '7' },
        state: { tidMemory: [1, 2, 100, 300, 500, 700, 900] },
      }),
    ]),
  ];
}

export function openMemoryTests(): MeterTest[] {
  return [
    ...atBoth('below the oldest of a full memory is old; the smallest makes room', { tidMemory: FULL }, (t) =>
      [
        answer('OldError', t.kwh(99_999)),
        accept(t.kwh(100_005), { credit: { electricity: '1' }, comment: 'late, and above the oldest' }),
        answer('OldError', t.kwh(100_000), { comment: 'it made room' }),
        accept(t.kwh(100_500), { credit: { electricity: '2' } }),
        answer('OldError', t.kwh(100_005)),
        answer('OldError', t.kwh(100_007)),
        answer('UsedError', t.kwh(100_010), { comment: 'the oldest now' }),
        answer('UsedError', t.kwh(100_490)),
        accept(t.kwh(100_015), { credit: { electricity: '3' } }),
        answer('OldError', t.power(100_011, 5_000), { assumes: ['A2'] }),
      ].map(full),
    ),
    atOne('a memory with one free slot', { tidMemory: FULL.slice(1) }, (t) =>
      [
        answer('UsedError', t.kwh(0), { assumes: ['TidZero'] }),
        accept(t.kwh(5), { credit: { electricity: '1' }, comment: 'nothing is old yet' }),
        answer('OldError', t.kwh(4), { comment: 'now it is full' }),
        answer('OldError', t.kwh(0), { comment: 'no slot is empty any more' }),
        answer('UsedError', t.kwh(5)),
        accept(t.kwh(6), { credit: { electricity: '2' } }),
        answer('OldError', t.kwh(5)),
      ].map(full),
    ),
    atOne('a meter fills its memory itself', {}, (t) => [
      ...FULL.map((tid, i) => accept(t.kwh(tid), { credit: { electricity: String(i + 1) } })),
      ...[
        answer('UsedError', t.kwh(100_000)),
        answer('OldError', t.kwh(99_999)),
        accept(t.kwh(100_500), { credit: { electricity: '51' } }),
        answer('OldError', t.kwh(100_000)),
        answer('UsedError', t.kwh(100_010)),
      ].map(full),
    ]),
    atOne('identifier 0', {}, (t) => [
      answer('UsedError', t.kwh(0), { assumes: ['TidZero'] }),
      accept(t.kwh(1), { credit: { electricity: '1' }, assumes: ['A12'], comment: '00:01 of the first day' }),
      answer('UsedError', t.kwh(0), { assumes: ['TidZero'] }),
    ]),
    atOne('the reserved minute', {}, (t) => [
      accept(t.kwh(1_441), { credit: { electricity: '1' }, assumes: ['A12'] }),
      answer('UsedError', t.kwh(1_441), { assumes: ['A12'] }),
    ]),
    ...atBoth('management and credit share one memory', {}, (t) =>
      [
        accept(t.kwh(90_000), { credit: { electricity: '1' } }),
        answer('UsedError', t.clear(90_000, 0)),
        accept(t.clear(90_001, 0), { credit: { electricity: '0' } }),
        answer('UsedError', t.clear(90_001, 0)),
        answer('UsedError', t.kwh(90_001)),
        accept(t.kwh(90_002), { credit: { electricity: '1' } }),
      ].map(shared),
    ),
    atOne('a token that was refused is not remembered', { keyExpiry: 1 }, (t) => [
      answer('FunctionError', t.raw(0, 9, 1_000n << 16n), { assumes: ['A6', 'A13'] }),
      answer('RangeError', t.clear(1_000, 9), { assumes: ['A6', 'B6'] }),
      answer('FormatError', t.raw(2, 5, (1_000n << 16n) | 1n), { assumes: ['A6'] }),
      answer('KeyExpiredError', t.kwh(0x02_0000)),
      accept(t.kwh(1_000), { credit: { electricity: '1' }, state: { tidMemory: [1_000] }, assumes: ['A6'] }),
    ]),
  ];
}

function full(step: HandStep): HandStep {
  return { ...step, assumes: [...(step.assumes ?? []), 'A1'] };
}

function shared(step: HandStep): HandStep {
  return { ...step, assumes: ['A2'] };
}
