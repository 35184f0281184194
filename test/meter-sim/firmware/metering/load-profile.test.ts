import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LoadProfile, type Registers } from '../../../../meter-sim/firmware/metering/load-profile.ts';
import {
  decodeProfilePage,
  encodeProfilePage,
  hasRoom,
  PROFILE_PAGE_BYTES,
  PROFILE_STATUS,
  type ProfileEntry,
  type ProfilePage,
} from '../../../../meter-sim/firmware/metering/profile-page.ts';
import type { ProfileStore } from '../../../../meter-sim/firmware/metering/profile-store.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';

const test = suite('meter-sim/firmware/metering/load-profile');

/** Pages in plain memory; the write with number `cut` leaves a mix and throws, as a supply that fails. */
class PlainStore implements ProfileStore {
  readonly slots: number;
  readonly #pages: Uint8Array[];
  readonly wear: number[];
  writes = 0;
  cutAt = Number.POSITIVE_INFINITY;
  readonly #random: RandomStream;

  constructor(slots: number, random: RandomStream) {
    this.slots = slots;
    this.#random = random;
    this.#pages = Array.from({ length: slots }, () => new Uint8Array(PROFILE_PAGE_BYTES).fill(0xff));
    this.wear = new Array(slots).fill(0);
  }

  read(slot: number): Uint8Array {
    return this.#pages[slot]!;
  }

  write(slot: number, bytes: Uint8Array): void {
    const before = this.#pages[slot]!;
    this.wear[slot]! += 1;
    if (this.writes++ < this.cutAt) {
      this.#pages[slot] = bytes.slice();
      return;
    }
    const upTo = this.#random.integer(0, bytes.length - 1);
    this.#pages[slot] = before.map((old, at) =>
      at < upTo ? bytes[at]! : at === upTo ? this.#random.integer(0, 255) : old,
    );
    throw new Cut();
  }
}

class Cut extends Error {}

const OPTIONS = { periodMinutes: 30, slots: 1_000, entriesPerWrite: 1 };

test('pages come back as they were written, and any flipped bit makes a page nothing at all', () => {
  const page: ProfilePage = {
    sequence: 0xfedcba,
    periodMinutes: 15,
    firstPeriod: 0xfffffff0,
    importWh: 0xffffffff,
    exportWh: 12,
    entries: [
      { importWh: 0, exportWh: 0, status: 0 },
      { importWh: 255, exportWh: 256, status: 15 },
      { importWh: 65_536, exportWh: 65_535, status: PROFILE_STATUS.disturbed },
      { importWh: 16_777_215, exportWh: 1, status: 1 },
    ],
  };
  const bytes = encodeProfilePage(page);
  assert.is(bytes.length, PROFILE_PAGE_BYTES);
  assert.equal(decodeProfilePage(bytes), page);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const torn = bytes.slice();
    torn[bit >> 3]! ^= 1 << (bit & 7);
    assert.is(decodeProfilePage(torn), undefined);
  }
  assert.is(decodeProfilePage(new Uint8Array(64).fill(0xff)), undefined);
});

test('a page takes what fits and refuses one more', () => {
  const entry: ProfileEntry = { importWh: 1_000, exportWh: 0, status: 0 };
  const entries: ProfileEntry[] = [];
  while (hasRoom(entries, entry)) entries.push(entry);
  assert.is(entries.length, 14);
  const page = { sequence: 1, periodMinutes: 30, firstPeriod: 1, importWh: 0, exportWh: 0 };
  assert.is(decodeProfilePage(encodeProfilePage({ ...page, entries }))?.entries.length, 14);
  assert.throws(
    () => encodeProfilePage({ ...page, entries: [...entries, entry] }),
    (error: unknown) => error instanceof RangeError && error.message.startsWith('"entries" expected'),
  );
});

test('entries are what the registers gained, period by period, and dark ones say so', () => {
  const store = new PlainStore(20, new RandomStream(1, 'store'));
  const profile = new LoadProfile(OPTIONS, store, { period: 100, importWh: 500, exportWh: 7 });
  profile.advanceTo(101, { importWh: 800, exportWh: 7 });
  profile.mark(PROFILE_STATUS.disturbed);
  profile.advanceTo(102, { importWh: 800, exportWh: 9 });
  // A cut within period 102, and back in period 105.
  const later = new LoadProfile(OPTIONS, store, { period: 105, importWh: 850, exportWh: 9 });
  later.advanceTo(106, { importWh: 900, exportWh: 9 });
  const entries = later.entries();
  assert.equal(
    entries.map(({ localSeconds, importWh, exportWh, status }) => [
      localSeconds / 1_800,
      importWh,
      exportWh,
      status,
    ]),
    [
      [100, 300, 0, PROFILE_STATUS.powerDown],
      [101, 0, 2, PROFILE_STATUS.disturbed],
      [102, 50, 0, PROFILE_STATUS.powerDown],
      [103, 0, 0, PROFILE_STATUS.powerDown],
      [104, 0, 0, PROFILE_STATUS.powerDown],
      [105, 50, 0, 0],
    ],
  );
});

test('after a long outage, a set clock or another period the profile begins a page of its own', () => {
  const store = new PlainStore(40, new RandomStream(1, 'store'));
  let profile = new LoadProfile(OPTIONS, store, { period: 100, importWh: 0, exportWh: 0 });
  profile.advanceTo(101, { importWh: 10, exportWh: 0 });
  profile.advanceTo(5_000, { importWh: 30, exportWh: 0 });
  profile.clockSet(4_000, { importWh: 35, exportWh: 0 });
  profile.advanceTo(4_001, { importWh: 40, exportWh: 0 });
  profile = new LoadProfile({ ...OPTIONS, periodMinutes: 15 }, store, {
    period: 8_003,
    importWh: 41,
    exportWh: 0,
  });
  profile.advanceTo(8_004, { importWh: 45, exportWh: 0 });
  assert.equal(
    profile
      .entries()
      .map(({ localSeconds, importWh, status, periodMinutes }) => [
        localSeconds / 60,
        periodMinutes,
        importWh,
        status,
      ]),
    [
      [3_000, 30, 10, 1],
      [3_030, 30, 20, 0],
      [150_000, 30, 5, 8],
      [120_000, 30, 5, 8],
      [120_045, 15, 5, 1],
    ],
  );
});

test('a register that a sudden death has set back begins anew where it stands', () => {
  const store = new PlainStore(40, new RandomStream(1, 'store'));
  const before = new LoadProfile(OPTIONS, store, { period: 1, importWh: 0, exportWh: 0 });
  before.advanceTo(2, { importWh: 900, exportWh: 0 });
  const after = new LoadProfile(OPTIONS, store, { period: 2, importWh: 700, exportWh: 0 });
  after.advanceTo(3, { importWh: 750, exportWh: 0 });
  assert.equal(
    after.entries().map(({ importWh }) => importWh),
    [900, 50],
  );
});

test('a ring of sixty days holds sixty days of half hours, and wears evenly', () => {
  const random = new RandomStream(7, 'household');
  const store = new PlainStore(224, random);
  const options = { ...OPTIONS, entriesPerWrite: 4 };
  const profile = new LoadProfile(options, store, { period: 0, importWh: 0, exportWh: 0 });
  let importWh = 0;
  const years = 2;
  for (let period = 1; period <= years * 365 * 48; period++) {
    importWh += random.integer(20, 1_500);
    profile.advanceTo(period, { importWh, exportWh: 0 });
  }
  const days = profile.entries().length / 48;
  const worst = Math.max(...store.wear);
  const twentyYears = (worst * 20) / years;
  report(
    `${days.toFixed(1)} days in 224 pages; ${store.writes} page writes in ${years} years, ` +
      `the most worn page ${worst}: ${twentyYears} in twenty years`,
  );
  assert.ok(days >= 60);
  assert.ok(worst - Math.min(...store.wear) <= 4 && twentyYears < 10_000);
});

test('torn writes and outages at random cost the newest entries at most, and the sum stays the register', () => {
  const seed = seedOf('profiles over cuts');
  const lives = count(40_000, 700);
  let cuts = 0;
  let checked = 0;
  for (let life = 0; life < lives; life++) {
    const random = new RandomStream(seed, `profile ${life}`);
    const entriesPerWrite = random.integer(1, 6);
    const options = { periodMinutes: 30, slots: 1_000, entriesPerWrite };
    const store = new PlainStore(60, random);
    let period = random.integer(1, 1_000_000);
    let registers: Registers = { importWh: random.integer(0, 1e6), exportWh: random.integer(0, 1e6) };
    const start = registers;
    let profile = new LoadProfile(options, store, { period, ...registers });
    for (let step = 0; step < 120; step++) {
      registers = {
        importWh: registers.importWh + random.integer(0, 20) ** 3,
        exportWh: registers.exportWh + random.integer(0, 5) ** 4,
      };
      period += 1;
      // Before the first page stands there is nothing to go on from: the profile begins anew.
      if (store.writes > 0 && random.integer(0, 14) === 0) store.cutAt = store.writes + random.integer(0, 2);
      const known = profile.entries();
      try {
        profile.advanceTo(period, registers);
      } catch (error) {
        if (!(error instanceof Cut)) throw error;
        cuts += 1;
        store.cutAt = Number.POSITIVE_INFINITY;
        period += random.integer(0, 3) === 0 ? random.integer(1, 40) : 0;
        profile = new LoadProfile(options, store, { period, ...registers });
        const found = profile.entries();
        // What stood a write ago is still there, unchanged.
        const kept = known.slice(0, Math.max(0, known.length - entriesPerWrite));
        assert.equal(found.slice(0, kept.length), kept, `life ${life} step ${step}, seed ${seed}`);
      }
      checked += 1;
    }
    store.cutAt = Number.POSITIVE_INFINITY;
    profile.advanceTo(period + 1, registers);
    const entries = profile.entries();
    const sumOf = (key: 'importWh' | 'exportWh'): number => entries.reduce((sum, each) => sum + each[key], 0);
    assert.is(sumOf('importWh'), registers.importWh - start.importWh, `life ${life}, seed ${seed}`);
    assert.is(sumOf('exportWh'), registers.exportWh - start.exportWh, `life ${life}, seed ${seed}`);
  }
  report(`${checked} periods in ${lives} lives with ${cuts} torn pages, every sum the register`);
});

test.run();
