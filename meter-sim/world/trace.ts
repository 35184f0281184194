/**
 * Traces of a run for a person with an oscilloscope's eyes: waveform, rail, relay and pins at a steady rate within a stretch of
 * time, as VCD or CSV. A trace looks and touches nothing.
 */
import type { MeterWorld } from './meter-world.ts';

export interface TraceRequest {
  readonly format: 'vcd' | 'csv';
  /** µs of the scenario. */
  readonly from: number;
  readonly to: number;
  /** µs between two looks; 244 is the rate of the chip. */
  readonly period: number;
  /** Takes whole lines. */
  readonly write: (text: string) => void;
}

interface Signal {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'real' | 'wire';
  readonly read: (world: MeterWorld) => number;
}

const SIGNALS: readonly Signal[] = [
  { name: 'mains', unit: 'V', kind: 'real', read: (world) => world.voltageVolt() },
  { name: 'load', unit: 'A', kind: 'real', read: (world) => world.currentAmp() },
  { name: 'rail', unit: 'V', kind: 'real', read: (world) => world.railVolt() },
  { name: 'contact', unit: 'closed', kind: 'wire', read: ({ relay }) => Number(relay.contact !== 'open') },
  { name: 'arc', unit: 'burns', kind: 'wire', read: ({ relay }) => Number(relay.contact === 'arcing') },
  { name: 'coil', unit: 'driven', kind: 'wire', read: ({ relay }) => Number(relay.isMoving) },
  { name: 'power_fail', unit: 'pin', kind: 'wire', read: (world) => Number(world.supplyState === 'failing') },
  { name: 'mcu', unit: 'runs', kind: 'wire', read: (world) => Number(world.powered) },
  { name: 'eeprom', unit: 'busy', kind: 'wire', read: ({ eeprom }) => Number(eeprom.isBusy) },
  { name: 'buzzer', unit: 'sounds', kind: 'wire', read: ({ beeper }) => Number(beeper.isSounding) },
];

const FIRST_CODE = 33;

export class TraceRecorder {
  readonly #world: MeterWorld;
  readonly #request: TraceRequest;
  readonly #begin: number;
  readonly #last: string[] = SIGNALS.map(() => '');
  #looks = 0;

  /** @param world - at the moment from which the request counts. */
  constructor(world: MeterWorld, request: TraceRequest) {
    this.#world = world;
    this.#request = request;
    this.#begin = world.now();
    request.write(request.format === 'vcd' ? vcdHeader() : csvHeader());
    this.#lookAt(request.from);
  }

  /** How often the signals were looked at. */
  get looks(): number {
    return this.#looks;
  }

  /** After the last look. */
  end(): void {
    if (this.#request.format === 'vcd') this.#request.write(`#${this.#request.to}\n`);
  }

  #lookAt(time: number): void {
    if (time > this.#request.to) return;
    this.#world.at(this.#begin + time, () => {
      this.#looks++;
      this.#request.write(this.#request.format === 'vcd' ? this.#changes(time) : this.#row(time));
      this.#lookAt(time + this.#request.period);
    });
  }

  #changes(time: number): string {
    let text = '';
    for (const [index, { kind, read }] of SIGNALS.entries()) {
      const value = valueText(kind, read(this.#world));
      if (value === this.#last[index]) continue;
      this.#last[index] = value;
      const code = String.fromCharCode(FIRST_CODE + index);
      text += kind === 'real' ? `r${value} ${code}\n` : `${value}${code}\n`;
    }
    return text === '' ? '' : `#${time}\n${text}`;
  }

  #row(time: number): string {
    return `${[time, ...SIGNALS.map(({ kind, read }) => valueText(kind, read(this.#world)))].join(',')}\n`;
  }
}

function valueText(kind: Signal['kind'], value: number): string {
  return kind === 'real' ? String(Math.round(value * 1000) / 1000) : String(value);
}

function csvHeader(): string {
  return `${['microseconds', ...SIGNALS.map(({ name, unit }) => `${name} (${unit})`)].join(',')}\n`;
}

function vcdHeader(): string {
  const variables = SIGNALS.map(({ name, kind }, index) => {
    const code = String.fromCharCode(FIRST_CODE + index);
    return `$var ${kind} ${kind === 'real' ? 64 : 1} ${code} ${name} $end\n`;
  });
  return `$timescale 1 us $end\n$scope module meter $end\n${variables.join('')}$upscope $end\n$enddefinitions $end\n`;
}
