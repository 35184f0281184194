/** What the control room reckons by itself: shares, and moments by the clock of a tariff's time zone. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { perCentOf, rateOf } from '../../../vending-server/web/client/control/works/share.ts';
import { momentIn, nextMonthIn } from '../../../vending-server/web/client/control/works/tariffs/zone-time.ts';

const test = suite('web: works');

test('when a share is shown and typed again then it is the same, and what is none is refused', () => {
  for (const [rate, perCent] of [
    ['0.15', '15'],
    ['0.3', '30'],
    ['0.155', '15.5'],
    ['0.005', '0.5'],
    ['1', '100'],
    ['0', '0'],
  ] as const) {
    assert.is(perCentOf(rate), perCent);
    assert.is(perCentOf(rateOf(perCent) ?? ''), perCent);
    assert.is(Number(rateOf(perCent)), Number(rate));
  }
  for (const wrong of ['', '101', '100.1', '-1', 'ten', '1.2345678', '1e2'])
    assert.is(rateOf(wrong), undefined, wrong);
});

test('when a version begins by the clock of a zone then it is that moment, also where the clock changes', () => {
  assert.is(momentIn('2026-12-01T00:00', 'Africa/Johannesburg'), '2026-11-30T22:00:00.000Z');
  assert.is(momentIn('2026-12-01T00:00', 'UTC'), '2026-12-01T00:00:00.000Z');
  // Paris goes from UTC+1 to UTC+2 on 29 March 2026 at 02:00, and back on 25 October at 03:00.
  assert.is(momentIn('2026-03-29T00:00', 'Europe/Paris'), '2026-03-28T23:00:00.000Z');
  assert.is(momentIn('2026-03-29T12:00', 'Europe/Paris'), '2026-03-29T10:00:00.000Z');
  assert.is(momentIn('2026-10-26T00:00', 'Europe/Paris'), '2026-10-25T23:00:00.000Z');
  assert.is(momentIn('soon', 'UTC'), undefined);
  const lateInNovember = Date.parse('2026-11-30T22:30:00Z');
  assert.is(nextMonthIn(lateInNovember, 'UTC'), '2026-12-01T00:00');
  assert.is(nextMonthIn(lateInNovember, 'Africa/Johannesburg'), '2027-01-01T00:00');
});

test.run();
