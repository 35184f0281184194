/**
 * Sales on PostgreSQL by several servers, without the HTTP door and the security module, so that the database and the work
 * of a server for it are what is measured: look-ups, claim and durable record of each sale, real processes, `fsync` on.
 *
 * Two questions. How much more do two processes sell than one? And what does one busy vendor cost the others? Adding any load
 * costs the others their share of a machine; so the busy vendor's is compared with as much load spread over many vendors.
 *
 * On a machine of two cores one process and its database are all that fits. So two are compared with one also as if each had
 * a small machine to itself: held to a share of a core, which leaves the database and its locks as the only thing shared.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../vending-server/store/contract.ts';
import { openPostgresStore } from '../../vending-server/store/open.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { type Seller, type SellerOrder, startSeller } from '../support/postgres-sellers.ts';
import { depositOf, METER, MODULE, TARIFF, VENDOR } from '../vending-server/store/store-fixtures.ts';
import { median, perSecond, printTable } from './harness.ts';

export interface PostgresFigures {
  readonly onePerSecond: number;
  readonly twoPerSecond: number;
  /** The same with each process held to a share of a core. */
  readonly oneHeldPerSecond: number;
  readonly twoHeldPerSecond: number;
  /** Cores that the database used beside one and beside two processes, then beside one and two that are held. */
  readonly databaseCores: readonly [one: number, two: number, oneHeld: number, twoHeld: number];
  /** Sales of the quiet vendors beside as much load spread out, and beside one busy vendor. */
  readonly quietBesideSpread: number;
  readonly quietBesideBusy: number;
}

const QUIET = Array.from({ length: 16 }, (_, i) => `quiet-${i}`);
const SPREAD = Array.from({ length: 32 }, (_, i) => `spread-${i}`);
const BUSY = 'busy';
const FLOAT_MINOR = 1_000_000_000_000;
const CLOSE_MILLIS = 300;
const HELD_SHARE = 0.25;

/** What one process is to do. */
type Load = Pick<SellerOrder, 'vendors' | 'sellers' | 'pauseMillis'> & {
  /** Of a core; all of one when absent. */
  readonly share?: number;
};

interface Measured {
  readonly perSecond: readonly number[];
  readonly databaseCores: number;
}

class Bench {
  readonly #postgres: TestPostgres;
  readonly #url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'wattoken-journals-'));
  readonly #meters: readonly string[];
  readonly #millis: number;
  #runs = 0;

  constructor(postgres: TestPostgres, url: string, meters: readonly string[], millis: number) {
    this.#postgres = postgres;
    this.#url = url;
    this.#meters = meters;
    this.#millis = millis;
  }

  /** Lets processes with these sellers sell side by side. */
  async run(loads: readonly Load[]): Promise<Measured> {
    this.#runs += 1;
    const share = Math.floor(this.#meters.length / loads.length);
    const sellers: Seller[] = await Promise.all(
      loads.map(({ share: _share, ...load }, index) =>
        startSeller({
          ...load,
          url: this.#url,
          moduleId: `module-${this.#runs}-${index}`,
          journal: join(this.#folder, `${this.#runs}-${index}`),
          meters: this.#meters.slice(index * share, (index + 1) * share),
          prefix: `${this.#runs}-${index}`,
          leaseMillis: 20_000,
          connections: 16,
          steps: 'present',
          quiet: true,
          startOnSignal: true,
        }),
      ),
    );
    const cpu = this.#postgres.cpuSeconds();
    const startedAt = performance.now();
    for (const [index, seller] of sellers.entries()) {
      seller.begin();
      const heldTo = loads[index]?.share;
      if (heldTo !== undefined) seller.hold(heldTo);
    }
    await new Promise((resolve) => setTimeout(resolve, this.#millis));
    const seconds = (performance.now() - startedAt) / 1000;
    const databaseCores = (this.#postgres.cpuSeconds() - cpu) / seconds;
    const ends = await Promise.all(sellers.map((seller) => seller.ended(true)));
    if (ends.some(({ failed, unknown }) => failed + unknown > 0)) throw new Error('sales failed');
    await new Promise((resolve) => setTimeout(resolve, CLOSE_MILLIS));
    return { perSecond: ends.map((end) => end.sold / end.seconds), databaseCores };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

async function furnished(store: Store, meterCount: number): Promise<readonly string[]> {
  await store.bindModule(MODULE);
  await store.putTariff(TARIFF);
  for (const vendorId of [...QUIET, ...SPREAD, BUSY]) {
    await store.putVendor({ ...VENDOR, vendorId });
    const transfers = [
      { debitAccount: 'bank', creditAccount: `vendor:${vendorId}`, amountMinor: FLOAT_MINOR },
    ];
    await store.deposit({ ...depositOf('first', FLOAT_MINOR), vendorId, transfers });
  }
  const pans = Array.from({ length: meterCount }, (_, i) => `6007273333${String(i).padStart(8, '0')}`);
  for (let from = 0; from < pans.length; from += 100) {
    await Promise.all(pans.slice(from, from + 100).map((meterPan) => store.putMeter({ ...METER, meterPan })));
  }
  return pans;
}

export async function postgresBench(
  rounds: number,
  millis: number,
  meterCount: number,
): Promise<PostgresFigures> {
  const postgres = await startPostgres({ shared_buffers: '256MB', max_wal_size: '4GB' });
  let bench: Bench | undefined;
  try {
    const url = await postgres.createDatabase();
    const store = await openPostgresStore({ url });
    const meters = await furnished(store, meterCount);
    await store.close();
    bench = new Bench(postgres, url, meters, millis);
    const all = { vendors: [...QUIET, ...SPREAD], sellers: 48 };
    const held = { ...all, share: HELD_SHARE };
    const quiet = { vendors: QUIET, sellers: QUIET.length, pauseMillis: 20 };
    const spread = { vendors: SPREAD, sellers: SPREAD.length, pauseMillis: 10 };
    const busy = { vendors: [BUSY], sellers: SPREAD.length, pauseMillis: 10 };
    await bench.run([all, all]); // warm
    const taken = {
      one: [] as Measured[],
      two: [] as Measured[],
      oneHeld: [] as Measured[],
      twoHeld: [] as Measured[],
      spread: [] as Measured[],
      busy: [] as Measured[],
    };
    for (let round = 0; round < rounds; round += 1) {
      const turns = [
        async () => taken.one.push(await (bench as Bench).run([all])),
        async () => taken.two.push(await (bench as Bench).run([all, all])),
        async () => taken.oneHeld.push(await (bench as Bench).run([held])),
        async () => taken.twoHeld.push(await (bench as Bench).run([held, held])),
        async () => taken.spread.push(await (bench as Bench).run([quiet, spread])),
        async () => taken.busy.push(await (bench as Bench).run([quiet, busy])),
      ];
      if (round % 2 === 1) turns.reverse();
      for (const turn of turns) await turn();
    }
    const sum = ({ perSecond }: Measured) => perSecond.reduce((total, each) => total + each, 0);
    const cores = (runs: readonly Measured[]) => median(runs.map(({ databaseCores }) => databaseCores));
    const figures: PostgresFigures = {
      onePerSecond: median(taken.one.map(sum)),
      twoPerSecond: median(taken.two.map(sum)),
      oneHeldPerSecond: median(taken.oneHeld.map(sum)),
      twoHeldPerSecond: median(taken.twoHeld.map(sum)),
      databaseCores: [cores(taken.one), cores(taken.two), cores(taken.oneHeld), cores(taken.twoHeld)],
      quietBesideSpread: median(taken.spread.map(({ perSecond }) => perSecond[0] ?? Number.NaN)),
      quietBesideBusy: median(taken.busy.map(({ perSecond }) => perSecond[0] ?? Number.NaN)),
    };
    print(figures);
    return figures;
  } finally {
    bench?.remove();
    await postgres.stop();
  }
}

function print(figures: PostgresFigures): void {
  const { onePerSecond, twoPerSecond, oneHeldPerSecond, twoHeldPerSecond, databaseCores } = figures;
  const { quietBesideSpread, quietBesideBusy } = figures;
  const cores = (value: number) => `${value.toFixed(2)} of ${cpus().length}`;
  const printOneAndTwo = (
    title: string,
    one: number,
    two: number,
    [besideOne, besideTwo]: readonly number[],
  ) =>
    printTable(title, [
      ['', 'x one process', 'per second', 'cores of the database'],
      ['one process', '1.00', perSecond(one), cores(besideOne ?? Number.NaN)],
      ['two processes', (two / one).toFixed(2), perSecond(two), cores(besideTwo ?? Number.NaN)],
    ]);
  printOneAndTwo(
    'Durable sales on PostgreSQL, 48 sellers a process; database and processes share the machine',
    onePerSecond,
    twoPerSecond,
    databaseCores.slice(0, 2),
  );
  printOneAndTwo(
    `The same, each process held to ${HELD_SHARE} of a core, as on a small machine of its own`,
    oneHeldPerSecond,
    twoHeldPerSecond,
    databaseCores.slice(2),
  );
  printTable('Sales of 16 quiet vendors beside 32 sellers more, at a pace that leaves the machine room', [
    ['', 'x beside 32 vendors', 'per second'],
    ['the 32 sell for 32 vendors', '1.00', perSecond(quietBesideSpread)],
    [
      'the 32 sell for one vendor',
      (quietBesideBusy / quietBesideSpread).toFixed(2),
      perSecond(quietBesideBusy),
    ],
  ]);
}
