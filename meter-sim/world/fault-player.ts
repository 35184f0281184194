/** Plays a fault plan (fault-plan.ts) on a world: each fault as an event at its time, and its undoing as another. */
import type { Fault, FaultName, FaultPlan } from './fault-plan.ts';
import type { MeterWorld } from './meter-world.ts';

export type TokenFault = Extract<
  Fault,
  { kind: 'purchase' | 'token-repeated' | 'token-wrong' | 'key-change' }
>;

export interface PlayerHooks {
  /** A customer at the keypad or the wire. */
  token(fault: TokenFault): void;
  /** Told when the mains begins or ends to be something else. */
  mainsChanged?(): void;
}

/** The standard's DC magnet, 50 mm long, held in front of the sensor. */
const MAGNET = { faceMilliTesla: 500, halfLengthMillimetre: 25, hertz: 0 };

export class FaultPlayer {
  readonly counts: Partial<Record<FaultName, number>> = {};
  readonly #world: MeterWorld;
  readonly #hooks: PlayerHooks;
  /** Outages in force: the mains is back when the last of them has ended. */
  #outages = 0;
  #watt = 0;
  #extraWatt = 0;

  constructor(world: MeterWorld, hooks: PlayerHooks, watt = 0) {
    this.#world = world;
    this.#hooks = hooks;
    this.#watt = watt;
  }

  /** Queues every fault; the world must not have passed the first. */
  play(plan: FaultPlan): void {
    // One event at a time: a plan of ten thousand faults would otherwise stand in the queue of a small meter.
    const next = (index: number): void => {
      const fault = plan[index];
      if (fault === undefined) return;
      this.#world.at(fault.at, () => {
        this.counts[fault.kind] = (this.counts[fault.kind] ?? 0) + 1;
        this.#strike(fault);
        next(index + 1);
      });
    };
    next(0);
  }

  #strike(fault: Fault): void {
    const world = this.#world;
    switch (fault.kind) {
      case 'power-cut':
      case 'short-cut':
        this.#outage(fault.micros, () => world.cutPower());
        return;
      case 'sudden-death':
        this.#outage(fault.micros, () => world.killMcu());
        return;
      case 'torn-write':
        if (world.powered) this.#tear(fault.byte, fault.micros);
        return;
      case 'dip':
      case 'surge': {
        const { voltRms } = world.mains.config;
        world.setVoltage(Math.round(voltRms * fault.share));
        this.#hooks.mainsChanged?.();
        this.#after(fault.micros, () => {
          world.setVoltage(voltRms);
          this.#hooks.mainsChanged?.();
        });
        return;
      }
      case 'purchase':
      case 'token-repeated':
      case 'token-wrong':
      case 'key-change':
        this.#hooks.token(fault);
        return;
      default:
        this.#strikeBody(fault);
    }
  }

  #strikeBody(fault: Fault): void {
    const world = this.#world;
    switch (fault.kind) {
      case 'relay-stuck':
        world.setRelayMagnet(1, 'hold');
        this.#after(fault.micros, () => world.setRelayMagnet(0));
        return;
      case 'relay-weld':
        world.relay.weld();
        this.#after(fault.micros, () => world.relay.breakWeld());
        return;
      case 'stuck-cell':
        world.eeprom.stick(fault.address, fault.mask, fault.value);
        return;
      case 'spurious-write':
        world.eeprom.writeSpuriously();
        return;
      case 'clock-jump':
        world.rtc.set(Math.max(0, world.rtcEpochSeconds() + fault.seconds));
        return;
      case 'battery-dead':
        world.rtc.removeBattery();
        this.#after(fault.micros, () => world.rtc.fitBattery());
        return;
      case 'load-step':
        this.#watt = fault.watt;
        this.#setLoad();
        return;
      case 'overload':
        this.#extraWatt += fault.watt;
        this.#setLoad();
        this.#after(fault.micros, () => {
          this.#extraWatt -= fault.watt;
          this.#setLoad();
        });
        return;
      default:
        this.#strikeCase(fault);
    }
  }

  /** What hands do to the case. */
  #strikeCase(fault: Fault): void {
    const world = this.#world;
    switch (fault.kind) {
      case 'key-garbage':
        for (const key of fault.keys) world.pressKey(key);
        return;
      case 'key-held':
        world.keypad.hold(fault.key);
        this.#after(fault.micros, () => world.keypad.release(fault.key));
        return;
      case 'cover-opened':
        world.covers.setOpen(fault.cover, true);
        this.#after(fault.micros, () => world.covers.setOpen(fault.cover, false));
        return;
      case 'comms-unplugged': {
        const module = world.slot.unplug();
        if (module !== undefined) this.#after(fault.micros, () => world.slot.plug(module));
        return;
      }
      case 'magnet':
        world.hall.setMagnet({ ...MAGNET, atMillimetre: [0, 0, fault.millimetre] });
        this.#after(fault.micros, () => world.hall.setMagnet(undefined));
        return;
    }
  }

  #tear(byte: number, micros: number): void {
    const { eeprom } = this.#world;
    eeprom.cutAtByte(eeprom.writesStarted, byte, () => this.#outage(micros, () => this.#world.killMcu()));
  }

  #outage(micros: number, begin: () => void): void {
    this.#outages++;
    begin();
    this.#hooks.mainsChanged?.();
    this.#after(micros, () => {
      this.#outages--;
      if (this.#outages > 0) return;
      this.#world.powerOn();
      this.#hooks.mainsChanged?.();
    });
  }

  #setLoad(): void {
    const watt = this.#watt + this.#extraWatt;
    this.#world.setLoad({ appliances: watt > 0 ? [{ kind: 'resistive', watt }] : [] });
  }

  #after(micros: number, run: () => void): void {
    this.#world.at(this.#world.now() + micros, run);
  }
}
