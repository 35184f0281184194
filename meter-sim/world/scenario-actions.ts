/** What a step or a fault of a scenario does to the world. */
import type { KeypadKey } from '../firmware/hardware-interface.ts';
import { definedOf } from './defined.ts';
import type { PlannedFault } from './scenario-faults.ts';
import type { Step } from './scenario-schema.ts';
import type { ScenarioIssuer } from './scenario-tokens.ts';
import type { WholeMeter } from './whole-meter.ts';

/** Between two keys of a person who knows the digits, and between two sections of a key change, µs. */
const KEY_MICROS = 400_000;
const SECTION_MICROS = 5_000_000;
/** A magnet held at the case, seen from the sensor. */
const NEAR_MAGNET = { halfLengthMillimetre: 10, hertz: 0 };
const WEAKEST_FAULT_MILLI_TESLA = 50;
const STRONGEST_FAULT_MILLI_TESLA = 500;
const FAULT_MAGNET_MILLIMETRE = 40;
/** What a dip by chance leaves of the voltage, and what a surge by chance makes of it. */
const DEEPEST_DIP_PERCENT = 5;
const LIGHTEST_DIP_PERCENT = 90;
const LEAST_SURGE_VOLT = 260;
const GREATEST_SURGE_VOLT = 400;

export interface Stage {
  readonly meter: WholeMeter;
  readonly issuer: ScenarioIssuer;
  /** Seconds since 1970 by the true time, not by the meter's clock. */
  epochSeconds(): number;
}

/** Does at once what the step says; the expectation is the player's business. */
export function act(step: Step, stage: Stage): void {
  const { meter } = stage;
  const { world } = meter;
  actOnGrid(step, stage);
  if (step.load !== undefined) world.setLoad({ appliances: step.load });
  if (step.celsius !== undefined) world.setTemperature(step.celsius);
  if (step.cover?.meter !== undefined) world.covers.setOpen('meter', step.cover.meter === 'open');
  if (step.cover?.terminal !== undefined) world.covers.setOpen('terminal', step.cover.terminal === 'open');
  if (step.magnet !== undefined) moveMagnet(step.magnet, stage);
  if (step.clockBattery === 'removed') world.rtc.removeBattery();
  if (step.clockBattery === 'fitted') world.rtc.fitBattery();
  if (step.contact === 'weld') world.relay.weld();
  if (step.contact === 'break') world.relay.breakWeld();
  if (step.keys !== undefined) press(step.keys, meter);
  if (step.token !== undefined) meter.enterToken(digitsOf(step.token, stage));
  if (step.keyChange !== undefined) {
    for (const [index, tokenNo] of stage.issuer.keyChange(step.keyChange).entries()) {
      world.at(world.now() + index * SECTION_MICROS, () => meter.enterToken(tokenNo));
    }
  }
}

function actOnGrid(step: Step, { meter: { world } }: Stage): void {
  if (step.volt !== undefined) world.setVoltage(step.volt);
  if (step.power === 'on') world.powerOn();
  if (step.power === 'off') world.cutPower();
  if (step.cut !== undefined) {
    world.cutPower();
    world.at(world.now() + step.cut, () => world.powerOn());
  }
  if (step.dip !== undefined)
    world.grid.dip({ residualPercent: step.dip.residualPercent, micros: step.dip.lasting });
  if (step.surge !== undefined) world.grid.surge({ volt: step.surge.volt, micros: step.surge.lasting });
  if (step.ramp !== undefined) world.grid.ramp(step.ramp);
  if (step.wiring !== undefined) world.setWiring(definedOf(step.wiring));
  if (step.reset === true) {
    world.killMcu();
    world.powerOn();
  }
}

export function strike({ kind, lasting, severity }: PlannedFault, stage: Stage): void {
  const { world } = stage.meter;
  const after = (undo: () => void): void => {
    world.at(world.now() + lasting, undo);
  };
  switch (kind) {
    case 'cut':
      world.cutPower();
      after(() => world.powerOn());
      return;
    case 'reset':
      world.killMcu();
      after(() => world.powerOn());
      return;
    case 'dip':
      world.grid.dip({
        residualPercent: between(LIGHTEST_DIP_PERCENT, DEEPEST_DIP_PERCENT, severity),
        micros: lasting,
      });
      return;
    case 'surge':
      world.grid.surge({ volt: between(LEAST_SURGE_VOLT, GREATEST_SURGE_VOLT, severity), micros: lasting });
      return;
    case 'magnet': {
      const faceMilliTesla = between(WEAKEST_FAULT_MILLI_TESLA, STRONGEST_FAULT_MILLI_TESLA, severity);
      moveMagnet({ faceMilliTesla, distanceMillimetre: FAULT_MAGNET_MILLIMETRE, hertz: 0 }, stage);
      after(() => moveMagnet('away', stage));
      return;
    }
    case 'weld':
      world.relay.weld();
      after(() => world.relay.breakWeld());
      return;
  }
}

function between(light: number, severe: number, severity: number): number {
  return light + (severe - light) * severity;
}

function moveMagnet(magnet: NonNullable<Step['magnet']>, { meter: { world } }: Stage): void {
  if (magnet === 'away') {
    world.hall.setMagnet(undefined);
    return;
  }
  const { faceMilliTesla, distanceMillimetre, hertz } = magnet;
  world.hall.setMagnet({ ...NEAR_MAGNET, faceMilliTesla, hertz, atMillimetre: [distanceMillimetre, 0, 0] });
}

function press(keys: string, { world }: WholeMeter): void {
  for (const [index, character] of [...keys].entries()) {
    const key = character === '*' ? 'backspace' : character === '#' ? 'enter' : (character as KeypadKey);
    world.at(world.now() + index * KEY_MICROS, () => world.pressKey(key));
  }
}

function digitsOf(token: NonNullable<Step['token']>, stage: Stage): string {
  return typeof token === 'string'
    ? token.replace(/[\s-]/g, '')
    : stage.issuer.token(token, stage.epochSeconds());
}
