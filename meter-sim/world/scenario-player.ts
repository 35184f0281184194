/**
 * Plays a scenario: one meter, its story and what is expected of it, in either time mode. Equal scenarios give equal reports to
 * the bit; the two modes give the same ledger of tokens, events and switchings.
 */
import type { FactorySettings } from '../firmware/firmware.ts';
import type { Fidelity } from '../hardware/chip-config.ts';
import { DEFAULT_MAINS } from '../hardware/mains.ts';
import { definedOf } from './defined.ts';
import { act, type Stage, strike } from './scenario-actions.ts';
import { eventNames, examine, type Finding } from './scenario-expectations.ts';
import { planFaults } from './scenario-faults.ts';
import type { Scenario } from './scenario-schema.ts';
import { ScenarioIssuer } from './scenario-tokens.ts';
import { type TokenEntry, WholeMeter } from './whole-meter.ts';

export interface ScenarioLedger {
  readonly tokens: readonly TokenEntry[];
  readonly switchings: readonly { readonly direction: 'open' | 'close'; readonly at: number }[];
  readonly events: readonly string[];
  /** Null for a meter without power at the end. */
  readonly registers: {
    readonly acceptedMilliWh: number;
    readonly balanceMilliWh: number;
    readonly totalMilliWh: number;
  } | null;
  readonly resets: number;
}

export interface ScenarioReport {
  readonly name: string;
  readonly seed: number | string;
  readonly mode: Fidelity;
  readonly verdict: 'passed' | 'failed';
  readonly findings: readonly Finding[];
  readonly ledger: ScenarioLedger;
  /** Energy that truly flowed, J. */
  readonly energyJoule: number;
  readonly simulatedSeconds: number;
  readonly eventsRun: number;
  readonly invariantChecks: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly traceHash: string;
}

/** Supply, reset and the reading of the journal. */
const BOOT_MICROS = 500_000;

export class ScenarioPlayer {
  readonly meter: WholeMeter;
  readonly #scenario: Scenario;
  readonly #mode: Fidelity;
  readonly #findings: Finding[] = [];
  readonly #faults: Record<string, number> = {};

  /** The meter is powered and has booted; the scenario's time begins now. */
  constructor(scenario: Scenario, factory: FactorySettings, mode: Fidelity = scenario.mode) {
    const { seed, mains = {}, load = [] } = scenario;
    const starts = Math.floor(Date.parse(scenario.starts) / 1000);
    this.#scenario = scenario;
    this.#mode = mode;
    const { volt: voltRms = DEFAULT_MAINS.voltRms, ...grid } = mains;
    this.meter = new WholeMeter({
      factory,
      seed,
      fidelity: mode,
      mains: { ...definedOf(grid), voltRms },
      load: { appliances: load },
      rtcEpochSeconds: starts,
    });
    const { world } = this.meter;
    world.powerOn();
    world.advance(BOOT_MICROS);
    const stage: Stage = {
      meter: this.meter,
      issuer: new ScenarioIssuer(factory),
      epochSeconds: () => starts + Math.floor(world.now() / 1e6),
    };
    this.#arrange(stage);
  }

  /** µs of the scenario that have been played. */
  get played(): number {
    return this.meter.world.now() - BOOT_MICROS;
  }

  get isOver(): boolean {
    return this.played >= this.#scenario.lasts;
  }

  /** Plays on for so many µs, not beyond the end. */
  advance(micros: number): void {
    this.meter.world.advance(Math.min(micros, this.#scenario.lasts - this.played));
  }

  /** Plays to the end. */
  report(): ScenarioReport {
    const { meter } = this;
    const { world } = meter;
    if (!this.isOver) this.advance(this.#scenario.lasts);
    const findings = [...this.#findings];
    if (this.#scenario.expect !== undefined)
      findings.push(...examine(this.#scenario.expect, meter, this.played));
    return {
      name: this.#scenario.name,
      seed: this.#scenario.seed,
      mode: this.#mode,
      verdict: findings.every(({ held }) => held) ? 'passed' : 'failed',
      findings,
      ledger: ledgerOf(meter),
      energyJoule: world.energyTruthJoule(),
      simulatedSeconds: this.#scenario.lasts / 1e6,
      eventsRun: world.eventsRun,
      invariantChecks: meter.checks,
      faults: this.#faults,
      traceHash: world.traceHash(),
    };
  }

  #arrange(stage: Stage): void {
    const { steps, faults, lasts, seed } = this.#scenario;
    const { world } = this.meter;
    const begin = world.now();
    for (const step of steps) {
      if (step.at > lasts) continue;
      world.at(begin + step.at, () => {
        act(step, stage);
        if (step.expect !== undefined) this.#findings.push(...examine(step.expect, this.meter, step.at));
      });
    }
    for (const fault of planFaults(faults, lasts, seed)) {
      world.at(begin + fault.at, () => {
        this.#faults[fault.kind] = (this.#faults[fault.kind] ?? 0) + 1;
        strike(fault, stage);
      });
    }
  }
}

function ledgerOf(meter: WholeMeter): ScenarioLedger {
  const { firmware, world } = meter;
  const readout = firmware?.readout();
  return {
    tokens: meter.tokens,
    switchings: world.relay.log.map(({ direction, movedAt }) => ({ direction, at: movedAt })),
    events: eventNames(meter),
    registers:
      readout === undefined
        ? null
        : {
            acceptedMilliWh: readout.acceptedMilliWh,
            balanceMilliWh: readout.creditMilliWh,
            totalMilliWh: readout.totalMilliWh,
          },
    resets: world.resets,
  };
}
