import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LINKS, Link, type LinkName } from '../../../meter-sim/world/link-model.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { report } from '../../support/counts.ts';

const test = suite('meter-sim/world/link-model');
const MESSAGES = 20_000;
const MINUTE = 60_000_000;

/** Loss by meter-hardware.md 7, with the room that chance and bursts need. */
const EXPECTED: Readonly<Record<LinkName, readonly [least: number, most: number]>> = {
  'nb-iot': [0.008, 0.012],
  lorawan: [0.06, 0.13],
  mqtt: [0.001, 0.003],
  plc: [0.043, 0.057],
};

for (const name of Object.keys(LINKS) as LinkName[]) {
  test(`when ${name} carries many messages then loss, delay and duplicates are those of its kind`, () => {
    const link = new Link(LINKS[name], new RandomStream(5, name));
    let lost = 0;
    let doubled = 0;
    let overtaken = 0;
    let last = 0;
    const delays: number[] = [];
    for (let index = 0; index < MESSAGES; index++) {
      const sentAt = index * 3 * MINUTE;
      const arrivals = link.send(sentAt, (index * 180) % 86_400);
      if (arrivals.length === 0) lost++;
      if (arrivals.length === 2) doubled++;
      for (const at of arrivals) {
        assert.ok(Number.isInteger(at) && at > sentAt);
        if (at < last) overtaken++;
        last = at;
        delays.push(at - sentAt);
      }
    }
    delays.sort((a, b) => a - b);
    const median = delays[Math.floor(delays.length / 2)]! / 1e6;
    report(
      `${name}: ${MESSAGES} messages, ${lost} lost, ${doubled} twice, ${overtaken} overtaken, ` +
        `median delay ${median.toFixed(2)} s, longest ${(delays.at(-1)! / 1e6).toFixed(1)} s`,
    );
    const [least, most] = EXPECTED[name];
    assert.ok(lost / MESSAGES >= least && lost / MESSAGES <= most, `${lost}`);
    const { duplicate, longestMicros, airMicros } = LINKS[name];
    assert.ok(Math.abs(doubled / MESSAGES - duplicate) < 0.01);
    assert.ok(delays.at(-1)! <= longestMicros + airMicros);
  });
}

test('when a LoRaWAN node sends at once again then its duty cycle holds the message back', () => {
  const link = new Link(LINKS.lorawan, new RandomStream(1, 'duty'));
  const arrivals = Array.from({ length: 40 }, () => link.send(0, 0)[0]).filter((at) => at !== undefined);
  // A second and a half on the air at one per cent is two and a half minutes of silence.
  assert.ok(arrivals.at(-1)! > 30 * 150e6);
});

test('when the evening comes then PLC loses more than in the morning', () => {
  const lossAt = (secondOfDay: number): number => {
    const link = new Link(LINKS.plc, new RandomStream(1, 'swing'));
    let lost = 0;
    for (let index = 0; index < MESSAGES; index++)
      if (link.send(index * MINUTE, secondOfDay).length === 0) lost++;
    return lost / MESSAGES;
  };
  assert.ok(lossAt(20 * 3_600) > 4 * lossAt(8 * 3_600));
});

test('when the seed is the same then the fate of every message is', () => {
  const fate = (seed: number): string => {
    const link = new Link(LINKS.lorawan, new RandomStream(seed, 'fate'));
    return JSON.stringify(Array.from({ length: 200 }, (_, index) => link.send(index * MINUTE, index)));
  };
  assert.is(fate(3), fate(3));
  assert.is.not(fate(3), fate(4));
});

test.run();
