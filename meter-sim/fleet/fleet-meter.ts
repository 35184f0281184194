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
import type { Keeper, Kept } from '../firmware/keeper.ts';
import type { Switching } from '../hardware/relay-config.ts';
import { Agenda } from '../world/agenda.ts';
import { LINKS, Link, type LinkName } from '../world/link-model.ts';
import { RandomStream } from '../world/random.ts';
import { type PlannedFault, planFaults } from '../world/scenario-faults.ts';
import { Silencer } from '../world/silence.ts';
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
  /** How many were before it. */
  readonly number: number;
  readonly tokenNo: string;
  readonly creditMilliWh: number;
}

/** What is due at a member and at its household. */
type Errand =
  | { readonly kind: 'midnight'; readonly day: number }
  | { readonly kind: 'load'; readonly watt: number }
  | { readonly kind: 'look' }
  | { readonly kind: 'report'; readonly sequence: number }
  | { readonly kind: 'key-in'; readonly purchase: Purchase }
  | { readonly kind: 'fault'; readonly index: number }
  | { readonly kind: 'mains-back' };

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const BOOT_MICROS = SECOND;
/** The household looks at its balance so often. */
const LOOK_MICROS = 6 * 3_600 * SECOND;
const READING_MICROS = DAY / 2;
/** Share of households that key the digits in as well, not waiting for the link. */
const IMPATIENT = 0.1;
const KEYED_AFTER_MICROS = 45 * SECOND;
const MODEL_PLAN: FleetPlan = {
  seed: 0,
  days: 3,
  link: 'nb-iot',
  faultsPerDay: 2,
  startsEpochSeconds: 1_793_577_600,
};
const MODEL_NUMBER = 99_999_999;
/** What a meter is in the middle of is over after a while: then it is asked again whether it may rest. */
const BUSY_MICROS = SECOND;
/** A module that lost power in the middle of a command has forgotten it when it is back. */
const FORGET_MICROS = 60 * SECOND;
const MILLI_WH_PER_DECI_KWH = 100_000;

export class FleetMeter implements Kept {
  readonly #plan: FleetPlan;
  readonly #number: number;
  readonly #meter: WholeMeter;
  readonly #factory: FactorySettings;
  readonly #household: Household;
  readonly #chance: RandomStream;
  readonly #silencer: Silencer;
  readonly #links: readonly [down: Link, up: Link];
  readonly #agenda: Agenda<Errand>;
  readonly #plannedFaults: readonly PlannedFault[];
  readonly #commands: Courier<Purchase, string>;
  readonly #reports: Courier<number, true>;
  /** How often each purchase's token was accepted, by number. */
  #accepted: number[] = [];
  #repeatsRefused = 0;
  #purchases = 0;
  #boughtMilliWh = 0;
  #openMilliWh = 0;
  #lastTid = -1;
  /** Of the records that were taken from the meter. */
  #openings = 0;
  #faults = 0;
  #readings = 0;

  /** @param rested - what {@link rest} has made of this member; a new one begins to live without it. */
  constructor(plan: FleetPlan, number: number, rested?: Uint8Array) {
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
    this.#silencer = new Silencer(world);
    this.#agenda = new Agenda(world, (errand) => this.#do(errand));
    this.#plannedFaults = this.#planFaults();
    const link = (direction: string): Link =>
      new Link(LINKS[plan.link], new RandomStream(name, `link ${direction}`));
    const [down, up] = [link('down'), link('up')];
    this.#links = [down, up];
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
    if (rested !== undefined) {
      this.#meter.wake(rested, this, vocabulary());
      return;
    }
    world.powerOn();
    world.advance(BOOT_MICROS);
    this.#arrange();
  }

  /** Lives until so many days of the plan have passed, or parts of them; one that has lived longer stays where it is. */
  runToDay(day: number): void {
    const { world } = this.#meter;
    world.runUntil(Math.max(world.now(), Math.round(BOOT_MICROS + day * DAY)));
  }

  /** What members at rest are written in, see {@link WholeMeter.words}. */
  words(): Uint8Array {
    return this.#meter.words(this);
  }

  /** Puts the member away with its household and its link, after as much more of its life as it needs to come to rest. */
  rest(): Uint8Array {
    for (;;) {
      const { switchings } = this.#meter.takeRecords();
      this.#openings += openingsOf(switchings);
      const rested = this.#meter.rest(this, vocabulary());
      if (rested instanceof Uint8Array) return rested;
      this.#meter.world.advance(BUSY_MICROS);
    }
  }

  keep(keeper: Keeper): void {
    this.#chance.keep(keeper);
    for (const link of this.#links) link.keep(keeper);
    this.#silencer.keep(keeper);
    this.#commands.keep(keeper);
    this.#reports.keep(keeper);
    this.#agenda.keep(keeper);
    this.#accepted = keeper.value(this.#accepted);
    this.#repeatsRefused = keeper.value(this.#repeatsRefused);
    this.#purchases = keeper.value(this.#purchases);
    this.#boughtMilliWh = keeper.value(this.#boughtMilliWh);
    this.#openMilliWh = keeper.value(this.#openMilliWh);
    this.#lastTid = keeper.value(this.#lastTid);
    this.#openings = keeper.value(this.#openings);
    this.#faults = keeper.value(this.#faults);
    this.#readings = keeper.value(this.#readings);
  }

  /** Lives to the end of the plan. */
  run(): MemberResult {
    this.runToDay(this.#plan.days);
    const { world } = this.#meter;
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
      tokensAccepted: this.#accepted.filter((times) => times > 0).length,
      repeatsRefused: this.#repeatsRefused,
      creditedTwice: this.#accepted.filter((times) => times > 1).length,
      boughtMilliWh: this.#boughtMilliWh,
      openMilliWh: this.#openMilliWh,
      acceptedMilliWh: readout?.acceptedMilliWh ?? 0,
      totalMilliWh: readout?.totalMilliWh ?? 0,
      openings: this.#openings + openingsOf(world.relay.log),
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
    this.#liveDay(0);
    this.#look();
    this.#report(0);
    this.#awaitFault(0);
  }

  #planFaults(): readonly PlannedFault[] {
    const { days, faultsPerDay, seed } = this.#plan;
    if (faultsPerDay === 0) return [];
    const rates = (['cut', 'dip'] as const).map((kind) => ({
      kind,
      perDay: faultsPerDay / 2,
      lasting: [10_000, 1_800 * SECOND] as [number, number],
    }));
    return planFaults(rates, days * DAY, `${seed}/${this.#number}`);
  }

  /** One fault at a time: a year of them would be most of what a member at rest takes. */
  #awaitFault(index: number): void {
    const fault = this.#plannedFaults[index];
    if (fault !== undefined) this.#agenda.at(BOOT_MICROS + fault.at, { kind: 'fault', index });
  }

  #do(errand: Errand): void {
    const { world } = this.#meter;
    switch (errand.kind) {
      case 'midnight':
        this.#liveDay(errand.day);
        return;
      case 'load':
        world.setLoad({ appliances: appliancesOf(this.#household, errand.watt) });
        return;
      case 'look':
        this.#look();
        return;
      case 'report':
        this.#report(errand.sequence);
        return;
      case 'key-in':
        this.#enter(errand.purchase, () => {});
        return;
      case 'fault':
        this.#awaitFault(errand.index + 1);
        this.#suffer(this.#plannedFaults[errand.index] as PlannedFault);
        return;
      case 'mains-back':
        world.powerOn();
        return;
    }
  }

  #suffer({ kind, lasting, severity }: PlannedFault): void {
    const { world } = this.#meter;
    this.#faults++;
    if (kind === 'dip') {
      world.grid.dip({ residualPercent: 90 - 85 * severity, micros: lasting });
      return;
    }
    world.cutPower();
    this.#agenda.after(lasting, { kind: 'mains-back' });
  }

  #liveDay(day: number): void {
    const midnight = BOOT_MICROS + day * DAY;
    for (const { at, watt } of dayOf(this.#household, this.#chance)) {
      this.#agenda.at(midnight + at, { kind: 'load', watt });
    }
    this.#agenda.at(midnight + DAY - 1, { kind: 'midnight', day: day + 1 });
  }

  #look(): void {
    const { firmware } = this.#meter;
    const left = firmware?.vitals().creditMilliWh;
    if (left !== undefined && left + this.#openMilliWh <= this.#household.buysBelowMilliWh) this.#buy();
    this.#agenda.after(LOOK_MICROS, { kind: 'look' });
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
    const purchase = { number: this.#purchases, tokenNo, creditMilliWh };
    this.#purchases++;
    this.#accepted.push(0);
    this.#boughtMilliWh += creditMilliWh;
    this.#openMilliWh += creditMilliWh;
    this.#commands.offer(purchase.number, purchase);
    if (this.#chance.uniform() < IMPATIENT) {
      this.#agenda.after(KEYED_AFTER_MICROS, { kind: 'key-in', purchase });
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

  #note({ number, creditMilliWh }: Purchase, result: string): void {
    const times = this.#accepted[number] ?? 0;
    // Used although nobody heard of its acceptance: the supply failed between the record and the answer.
    const isNews = result === 'Accept' || (result === 'UsedError' && times === 0);
    if (!isNews) {
      if (result === 'UsedError') this.#repeatsRefused++;
      return;
    }
    this.#accepted[number] = times + 1;
    if (times === 0) this.#openMilliWh -= creditMilliWh;
  }

  #report(sequence: number): void {
    const { firmware } = this.#meter;
    if (firmware !== undefined) this.#reports.offer(sequence, firmware.vitals().totalMilliWh);
    this.#agenda.after(READING_MICROS, { kind: 'report', sequence: sequence + 1 });
  }
}

function openingsOf(switchings: readonly Switching[]): number {
  return switchings.filter(({ direction }) => direction === 'open').length;
}

let words: Uint8Array | undefined;

/** Of a member that no fleet has; every worker of a fleet must know the same. */
function vocabulary(): Uint8Array {
  if (words !== undefined) return words;
  const model = new FleetMeter(MODEL_PLAN, MODEL_NUMBER);
  model.runToDay(MODEL_PLAN.days - 1);
  words = model.words();
  return words;
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
