/**
 * One member of a fleet: a household, its meter with the whole firmware and every invariant on, a bad grid, and a lossy link
 * over which its tokens come and its readings go. Everything hangs on the fleet's seed and the member's number alone.
 */
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import { luhnDigit } from '../../lib/identity/luhn.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { encodeCreditElectricity } from '../../lib/token/credit.ts';
import { nextTidMinutes, tidMinutesAt } from '../../lib/token/tid.ts';
import type { FactorySettings } from '../firmware/firmware.ts';
import { LINKS, Link, type LinkName } from '../world/link-model.ts';
import { RandomStream } from '../world/random.ts';
import { planFaults } from '../world/scenario-faults.ts';
import { silencer } from '../world/silence.ts';
import { WholeMeter } from '../world/whole-meter.ts';
import { Courier, type CourierCounts } from './courier.ts';
import { appliancesOf, dayOf, type Household, household } from './household.ts';

export interface FleetPlan {
  readonly seed: number;
  readonly days: number;
  readonly link: LinkName;
  /** Cuts and dips of the mains a day, on the average. */
  readonly faultsPerDay: number;
  /** What the clocks say at the start, seconds since 1970 UTC. */
  readonly startsEpochSeconds: number;
}

/** What became of one meter. */
export interface MemberResult {
  readonly number: number;
  readonly simulatedSeconds: number;
  readonly purchases: number;
  readonly tokensAccepted: number;
  /** Times that a token which had been accepted was entered again, and refused. */
  readonly repeatsRefused: number;
  /** Tokens credited more than once: never. */
  readonly creditedTwice: number;
  readonly boughtMilliWh: number;
  /** Bought, and nobody knows yet what became of it. */
  readonly openMilliWh: number;
  readonly acceptedMilliWh: number;
  readonly totalMilliWh: number;
  readonly openings: number;
  readonly faults: number;
  readonly resets: number;
  readonly readings: number;
  readonly commands: CourierCounts;
  readonly reports: CourierCounts;
  readonly invariantChecks: number;
  readonly eventsRun: number;
  readonly traceHash: string;
}

interface Purchase {
  readonly key: string;
  readonly tokenNo: string;
  readonly creditMilliWh: number;
}

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const BOOT_MICROS = SECOND;
/** The household looks at its balance so often. */
const LOOK_MICROS = 6 * 3_600 * SECOND;
const READING_MICROS = DAY / 2;
/** Share of households that key the digits in as well, not waiting for the link. */
const IMPATIENT = 0.1;
const KEYED_AFTER_MICROS = 45 * SECOND;
/** A module that lost power in the middle of a command has forgotten it when it is back. */
const FORGET_MICROS = 60 * SECOND;
const MILLI_WH_PER_DECI_KWH = 100_000;

export class FleetMeter {
  readonly #plan: FleetPlan;
  readonly #number: number;
  readonly #meter: WholeMeter;
  readonly #factory: FactorySettings;
  readonly #household: Household;
  readonly #chance: RandomStream;
  readonly #silence: () => void;
  readonly #commands: Courier<Purchase, string>;
  readonly #reports: Courier<number, true>;
  readonly #accepted = new Map<string, number>();
  #repeatsRefused = 0;
  #purchases = 0;
  #boughtMilliWh = 0;
  #openMilliWh = 0;
  #lastTid = -1;
  #faults = 0;
  #readings = 0;

  constructor(plan: FleetPlan, number: number) {
    const name = `${plan.seed}/${number}`;
    this.#plan = plan;
    this.#number = number;
    this.#chance = new RandomStream(name, 'household');
    this.#household = household(this.#chance);
    this.#factory = factoryOf(number, new RandomStream(name, 'key'));
    this.#meter = new WholeMeter({
      factory: this.#factory,
      seed: name,
      fidelity: 'next-event',
      rtcEpochSeconds: plan.startsEpochSeconds,
      load: { appliances: appliancesOf(this.#household, 100) },
    });
    const { world } = this.#meter;
    this.#silence = silencer(world);
    const link = (direction: string): Link =>
      new Link(LINKS[plan.link], new RandomStream(name, `link ${direction}`));
    const [down, up] = [link('down'), link('up')];
    const secondOfDay = (): number => (plan.startsEpochSeconds + world.now() / SECOND) % 86_400;
    this.#commands = new Courier(world, { there: down, back: up }, secondOfDay, (purchase, receipt) =>
      this.#enter(purchase, receipt),
    );
    this.#reports = new Courier<number, true>(
      world,
      { there: up, back: down },
      secondOfDay,
      (_total, receipt) => {
        this.#readings++;
        receipt(true);
      },
    );
    world.powerOn();
    world.advance(BOOT_MICROS);
    this.#arrange();
  }

  /** Lives to the end of the plan. */
  run(): MemberResult {
    const { world } = this.#meter;
    const end = BOOT_MICROS + this.#plan.days * DAY;
    world.runUntil(end);
    if (!world.powered) {
      // Whoever reads a meter waits until it has power.
      world.powerOn();
      world.advance(BOOT_MICROS);
    }
    return this.#result();
  }

  #result(): MemberResult {
    const meter = this.#meter;
    const { world } = meter;
    const readout = meter.firmware?.readout();
    return {
      number: this.#number,
      simulatedSeconds: world.now() / SECOND,
      purchases: this.#purchases,
      tokensAccepted: this.#accepted.size,
      repeatsRefused: this.#repeatsRefused,
      creditedTwice: [...this.#accepted.values()].filter((times) => times > 1).length,
      boughtMilliWh: this.#boughtMilliWh,
      openMilliWh: this.#openMilliWh,
      acceptedMilliWh: readout?.acceptedMilliWh ?? 0,
      totalMilliWh: readout?.totalMilliWh ?? 0,
      openings: world.relay.log.filter(({ direction }) => direction === 'open').length,
      faults: this.#faults,
      resets: world.resets,
      readings: this.#readings,
      commands: this.#commands.counts,
      reports: this.#reports.counts,
      invariantChecks: meter.checks,
      eventsRun: world.eventsRun,
      traceHash: world.traceHash(),
    };
  }

  #arrange(): void {
    const { days, faultsPerDay, seed } = this.#plan;
    this.#liveDay(0);
    this.#look();
    this.#report(0);
    if (faultsPerDay === 0) return;
    const rates = (['cut', 'dip'] as const).map((kind) => ({
      kind,
      perDay: faultsPerDay / 2,
      lasting: [10_000, 1_800 * SECOND] as [number, number],
    }));
    const { world } = this.#meter;
    const begin = world.now();
    for (const { kind, at, lasting, severity } of planFaults(rates, days * DAY, `${seed}/${this.#number}`)) {
      world.at(begin + at, () => {
        this.#faults++;
        if (kind === 'dip') {
          world.grid.dip({ residualPercent: 90 - 85 * severity, micros: lasting });
          return;
        }
        world.cutPower();
        world.at(world.now() + lasting, () => world.powerOn());
      });
    }
  }

  #liveDay(day: number): void {
    const { world } = this.#meter;
    const midnight = BOOT_MICROS + day * DAY;
    for (const { at, watt } of dayOf(this.#household, this.#chance)) {
      world.at(midnight + at, () => world.setLoad({ appliances: appliancesOf(this.#household, watt) }));
    }
    world.at(midnight + DAY - 1, () => this.#liveDay(day + 1));
  }

  #look(): void {
    const { world, firmware } = this.#meter;
    const left = firmware?.vitals().creditMilliWh;
    if (left !== undefined && left + this.#openMilliWh <= this.#household.buysBelowMilliWh) this.#buy();
    this.#silence();
    world.at(world.now() + LOOK_MICROS, () => this.#look());
  }

  #buy(): void {
    const { world } = this.#meter;
    const epochMillis = (this.#plan.startsEpochSeconds + Math.floor(world.now() / SECOND)) * 1000;
    const tidMinutes = nextTidMinutes(tidMinutesAt(epochMillis, this.#factory.baseDate), this.#lastTid);
    this.#lastTid = tidMinutes;
    const amountDeciKwh = 10 * this.#household.purchaseKwh;
    const cipher = createTokenCipher(11, bytesFromHex(this.#factory.decoderKey));
    const { tokenNo } = encodeCreditElectricity({ tidMinutes, rnd: tidMinutes & 15, amountDeciKwh }, cipher);
    const creditMilliWh = amountDeciKwh * MILLI_WH_PER_DECI_KWH;
    const purchase = { key: `token ${this.#purchases}`, tokenNo, creditMilliWh };
    this.#purchases++;
    this.#boughtMilliWh += creditMilliWh;
    this.#openMilliWh += creditMilliWh;
    this.#commands.offer(purchase.key, purchase);
    if (this.#chance.uniform() < IMPATIENT) {
      world.at(world.now() + KEYED_AFTER_MICROS, () => this.#enter(purchase, () => {}));
    }
  }

  /** At the meter, over the link or from the slip: whichever comes second is refused by the token memory. */
  #enter(purchase: Purchase, receipt: (result: string) => void): void {
    const { world } = this.#meter;
    if (!world.powered) {
      this.#commands.forgetUnfinished();
      return;
    }
    // Should the supply fail before the outcome is durable, the module has forgotten the command.
    const forget = world.at(world.now() + FORGET_MICROS, () => this.#commands.forgetUnfinished());
    this.#meter.enterToken(purchase.tokenNo, ({ result }) => {
      forget.cancel();
      if (result === 'NotReady' || result === 'Lost' || result === 'MemoryFault') {
        this.#commands.forgetUnfinished();
        return;
      }
      this.#note(purchase, result);
      receipt(result);
    });
  }

  #note({ key, creditMilliWh }: Purchase, result: string): void {
    const times = this.#accepted.get(key) ?? 0;
    // Used although nobody heard of its acceptance: the supply failed between the record and the answer.
    const isNews = result === 'Accept' || (result === 'UsedError' && times === 0);
    if (!isNews) {
      if (result === 'UsedError') this.#repeatsRefused++;
      return;
    }
    this.#accepted.set(key, times + 1);
    if (times === 0) this.#openMilliWh -= creditMilliWh;
  }

  #report(sequence: number): void {
    const { world, firmware } = this.#meter;
    if (firmware !== undefined) this.#reports.offer(`reading ${sequence}`, firmware.vitals().totalMilliWh);
    world.at(world.now() + READING_MICROS, () => this.#report(sequence + 1));
  }
}

/** Settings that no real meter has: a key by chance, and a number of the range that is set aside for tests. */
function factoryOf(number: number, random: RandomStream): FactorySettings {
  const body = `00${String(number).padStart(8, '0')}`;
  const drn = `${body}${luhnDigit(body)}`;
  return {
    meterPan: parseMeterNumber(drn).meterPan,
    encryptionAlgorithm: 11,
    decoderKey: hexFromBytes(Uint8Array.from({ length: 16 }, () => random.integer(0, 255))),
    keyType: 2,
    keyRevision: 1,
    keyExpiry: 255,
    supplyGroupCode: '201457',
    tariffIndex: 1,
    baseDate: '14',
  };
}
