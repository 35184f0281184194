import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NonVolatileMemory } from '../../../meter-sim/firmware/hardware-interface.ts';
import {
  ACCOUNT_SLOTS,
  Journal,
  type JournalState,
  TOKEN_SLOTS,
} from '../../../meter-sim/firmware/journal.ts';
import type { AccountFields } from '../../../meter-sim/firmware/records.ts';
import { DEFAULT_EEPROM, SimulatedEeprom } from '../../../meter-sim/hardware/eeprom.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { PUBLIC_FACTORY } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware/journal');

const DELAY = { meanMicros: 8_000, deviationMicros: 150, operations: 3 };

function account(acceptedMilliWh: number, totalMilliWh: number): AccountFields {
  return {
    acceptedMilliWh,
    totalMilliWh,
    balanceMilliWh: acceptedMilliWh - totalMilliWh,
    remainderMilliJoule: totalMilliWh % 3_600,
    relayCommand: 'open',
    opening: DELAY,
    closing: DELAY,
    lockout: { failures: 0, untilSeconds: 0 },
  };
}

/** A state whose TID memory tells its credit: 1 kWh for each token. */
function state(tokens: number, totalMilliWh: number): JournalState {
  const tidMemory = new Array<number>(50).fill(0);
  for (let tid = 1; tid <= tokens; tid++) tidMemory[tid % 50] = tid;
  return {
    application: { ...PUBLIC_FACTORY, tidMemory },
    account: account(tokens * 1_000_000, totalMilliWh),
  };
}

function tokensOf(loaded: JournalState): number {
  return Math.max(...loaded.application.tidMemory);
}

function load(memory: NonVolatileMemory): JournalState & { acceptanceLost: boolean } {
  const contents = new Journal(memory).load();
  if (contents.kind !== 'state') throw new Error(contents.kind);
  return contents.state;
}

function makePart(image?: Uint8Array, seed = 1) {
  const clock = new EventClock();
  return { clock, part: new SimulatedEeprom(clock, new RandomStream(seed, 'part'), DEFAULT_EEPROM, image) };
}

test('a new part is blank, a formatted one is not, a scrambled one is damaged', () => {
  const { clock, part } = makePart();
  const journal = new Journal(part);
  assert.is(journal.load().kind, 'blank');
  journal.writeToken(
    () => state(0, 0),
    () => {},
  );
  clock.advance(100_000);
  assert.is(new Journal(part).load().kind, 'state');
  const image = part.image();
  image[ACCOUNT_SLOTS * 64 + 10]! ^= 1;
  assert.is(
    new Journal(makePart(image).part).load().kind,
    'blank',
    'nothing but the first record was ever written',
  );
  image[0] = 0;
  assert.is(new Journal(makePart(image).part).load().kind, 'damaged');
});

test('a whole record that holds no meter is damage, field by field', () => {
  const sound = state(3, 0);
  const wrong: Record<string, unknown> = {
    keyType: 4,
    keyRevision: 16,
    tariffIndex: 100,
    baseDate: '15',
    supplyGroupCode: 'abcdef',
    meterPan: '600727000000000008',
    tidMemory: [],
  };
  for (const [field, value] of Object.entries(wrong)) {
    const { clock, part } = makePart();
    const journal = new Journal(part);
    assert.is(journal.load().kind, 'blank');
    journal.writeToken(
      () => ({ ...sound, application: { ...sound.application, [field]: value } as typeof sound.application }),
      () => {},
    );
    clock.advance(100_000);
    assert.is(new Journal(part).load().kind, 'damaged', field);
  }
});

test('random cuts in sequences of tokens and checkpoints: every boot finds the last state or the next', () => {
  const seed = seedOf('journal cuts');
  const random = new RandomStream(seed, 'journal cuts');
  const cuts = count(50_000, 5_000);
  const seen = { torn: 0, next: 0, last: 0, tokens: 0, accounts: 0 };
  let { clock, part } = makePart(undefined, seed);
  let tokens = 0;
  let total = 0;
  const first = new Journal(part);
  first.load();
  first.writeToken(
    () => state(0, 0),
    () => {},
  );
  clock.advance(100_000);
  for (let cut = 0; cut < cuts; cut++) {
    const journal = new Journal(part);
    assert.is(journal.load().kind, 'state');
    // What the last answered write left, and what the one in work will leave.
    let durable = { tokens, total };
    let pending = durable;
    const live = { tokens, total };
    for (let left = random.integer(1, 6); left > 0; left--) {
      if (random.integer(0, 2) === 0) {
        live.tokens += 1;
        const accepted = live.tokens;
        seen.tokens += 1;
        journal.writeToken(
          () => {
            pending = { tokens: accepted, total: live.total };
            return state(accepted, live.total);
          },
          (written) => {
            assert.ok(written);
            durable = pending;
          },
        );
      } else {
        seen.accounts += 1;
        journal.writeAccount(
          () => {
            // An account record never runs ahead of the token records before it.
            pending = { tokens: durable.tokens, total: live.total };
            return account(durable.tokens * 1_000_000, live.total);
          },
          () => {
            durable = pending;
          },
        );
      }
      live.total += random.integer(0, 5_000);
      clock.advance(random.integer(0, 9_000));
    }
    clock.advance(random.integer(0, 9_000));
    const tornBefore = part.tornWrites;
    part.powerLost();
    seen.torn += part.tornWrites - tornBefore;
    ({ clock, part } = makePart(part.image(), seed + cut));
    const found = load(part);
    const isNext = tokensOf(found) === pending.tokens && found.account.totalMilliWh === pending.total;
    const isLast = tokensOf(found) === durable.tokens && found.account.totalMilliWh === durable.total;
    assert.ok(isNext || isLast, `cut ${cut}`);
    assert.is(
      found.account.acceptedMilliWh,
      tokensOf(found) * 1_000_000,
      `cut ${cut}: TID and credit together`,
    );
    assert.is(found.account.balanceMilliWh, found.account.acceptedMilliWh - found.account.totalMilliWh);
    seen[isLast ? 'last' : 'next'] += 1;
    tokens = tokensOf(found);
    total = found.account.totalMilliWh;
  }
  report(
    `${cuts} cuts over ${seen.tokens} token and ${seen.accounts} account records: ${seen.torn} tore a page, ` +
      `${seen.last} found the last state, ${seen.next} the next, 0 a mix`,
  );
});

test('records go round both rings and wear every slot alike', () => {
  const { clock, part } = makePart();
  const journal = new Journal(part);
  journal.load();
  for (let round = 0; round < 10 * ACCOUNT_SLOTS; round++) {
    if (round % 4 === 0)
      journal.writeToken(
        () => state(round, round),
        () => {},
      );
    else journal.writeAccount(() => account(round * 1_000_000, round));
    clock.advance(30_000);
  }
  const accountWear = Array.from({ length: ACCOUNT_SLOTS }, (_, slot) => part.wearAt(slot * 64));
  const tokenWear = Array.from({ length: TOKEN_SLOTS }, (_, slot) =>
    part.wearAt(ACCOUNT_SLOTS * 64 + slot * 256),
  );
  for (const wear of [accountWear, tokenWear]) assert.ok(Math.max(...wear) - Math.min(...wear) <= 1);
  assert.is(part.lostWrites, 0);
});

test('a page that does not hold what is written is skipped', () => {
  const { clock, part } = makePart();
  const memory: NonVolatileMemory = {
    size: part.size,
    pageSize: part.pageSize,
    read: (address, length) => part.read(address, length),
    write: (address, bytes, done) => {
      const isWorn = address === 3 * 64 || address === (ACCOUNT_SLOTS + 5) * 64;
      part.write(address, isWorn ? bytes.map((byte) => byte & 0xfe) : bytes, done);
    },
  };
  const journal = new Journal(memory);
  journal.load();
  let written = 0;
  for (let round = 1; round <= 200; round++) {
    const done = (ok: boolean): void => {
      written += ok ? 1 : 0;
    };
    if (round % 3 === 1) journal.writeToken(() => state(Math.ceil(round / 3), round), done);
    else journal.writeAccount(() => account(Math.ceil(round / 3) * 1_000_000, round), done);
    clock.advance(100_000);
    assert.is(load(memory).account.totalMilliWh, round);
    assert.is(tokensOf(load(memory)), Math.ceil(round / 3));
  }
  assert.is(written, 200);
});

test('a token record that rots takes its credit and its TID with it, and no energy', () => {
  const { clock, part } = makePart();
  const journal = new Journal(part);
  journal.load();
  for (const tokens of [1, 2, 3]) {
    journal.writeToken(
      () => state(tokens, 0),
      () => {},
    );
    clock.advance(100_000);
  }
  journal.writeAccount(() => account(3_000_000, 777));
  clock.advance(100_000);
  const image = part.image();
  image[ACCOUNT_SLOTS * 64 + 2 * 256 + 100]! ^= 0x10;
  const found = load(makePart(image).part);
  assert.is(found.acceptanceLost, true);
  assert.is(tokensOf(found), 2);
  assert.is(found.account.acceptedMilliWh, 2_000_000);
  assert.is(found.account.totalMilliWh, 777);
  assert.is(found.account.balanceMilliWh, 2_000_000 - 777);
});

test.run();
