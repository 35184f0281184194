/** What a scenario expects against what the meter shows. */
import { EVENT_GROUPS } from '../firmware/events.ts';
import type { DisplayIcon } from '../firmware/hardware-interface.ts';
import type { Expectation } from './scenario-schema.ts';
import type { WholeMeter } from './whole-meter.ts';

export interface Finding {
  /** µs since the scenario began. */
  readonly at: number;
  readonly field: keyof Expectation;
  readonly expected: string;
  readonly found: string;
  readonly held: boolean;
}

const MILLI_WH_PER_KWH = 1e6;

/** @returns one finding for every field that is expected. */
export function examine(expectation: Expectation, meter: WholeMeter, at: number): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (field: keyof Expectation, expected: string, found: string, held: boolean): void => {
    findings.push({ at, field, expected, found, held });
  };
  const { world } = meter;
  const readout = meter.firmware?.readout();
  const energies = {
    balanceKwh: readout?.creditMilliWh,
    acceptedKwh: readout?.acceptedMilliWh,
    totalKwh: readout?.totalMilliWh,
  } as const;
  for (const [field, milliWh] of Object.entries(energies)) {
    const range = expectation[field as keyof typeof energies];
    if (range === undefined) continue;
    const kwh = milliWh === undefined ? Number.NaN : milliWh / MILLI_WH_PER_KWH;
    add(field as keyof typeof energies, rangeText(range), numberText(kwh), isWithin(kwh, range));
  }
  const counts = {
    tokensAccepted: meter.tokensAccepted,
    switchings: world.relay.operations,
    resets: world.resets,
  } as const;
  for (const [field, value] of Object.entries(counts)) {
    const range = expectation[field as keyof typeof counts];
    if (range !== undefined)
      add(field as keyof typeof counts, rangeText(range), numberText(value), isWithin(value, range));
  }
  const texts = {
    relay: world.relay.contact === 'open' ? 'open' : 'closed',
    status: readout?.status ?? 'off',
    result: readout?.lastResult?.result ?? meter.tokens.at(-1)?.result ?? 'none',
    powered: world.powered,
  } as const;
  for (const [field, found] of Object.entries(texts)) {
    const expected = expectation[field as keyof typeof texts];
    if (expected !== undefined)
      add(field as keyof typeof texts, String(expected), String(found), expected === found);
  }
  examineGlass(expectation, meter, add);
  examineEvents(expectation, meter, add);
  return findings;
}

type Add = (field: keyof Expectation, expected: string, found: string, held: boolean) => void;

function examineGlass({ display, icons, noIcons }: Expectation, { world }: WholeMeter, add: Add): void {
  const { text, icons: lit } = world.display;
  const isLit = (icon: string): boolean => lit.includes(icon as DisplayIcon);
  if (display !== undefined) {
    const pattern = /^\/(.*)\/$/.exec(display)?.[1];
    add('display', display, text, pattern === undefined ? text === display : new RegExp(pattern).test(text));
  }
  if (icons !== undefined) add('icons', icons.join(' '), lit.join(' '), icons.every(isLit));
  if (noIcons !== undefined) add('noIcons', noIcons.join(' '), lit.join(' '), !noIcons.some(isLit));
}

function examineEvents({ events, noEvents }: Expectation, meter: WholeMeter, add: Add): void {
  if (events === undefined && noEvents === undefined) return;
  const logged = eventNames(meter);
  if (events !== undefined) add('events', events.join(' '), logged.join(' '), isInOrder(events, logged));
  if (noEvents !== undefined) {
    const none = !noEvents.some((name) => logged.includes(name));
    add('noEvents', noEvents.join(' '), logged.join(' '), none);
  }
}

/** The names of all logged events of a meter that has power, the oldest first; codes where a name is unknown. */
export function eventNames(meter: WholeMeter): readonly string[] {
  const { firmware } = meter;
  if (firmware === undefined) return [];
  return EVENT_GROUPS.flatMap((group) => firmware.events(group).map((event) => ({ ...event, group })))
    .sort((a, b) => a.epochSeconds - b.epochSeconds || a.number - b.number)
    .map(({ name, group, code }) => name ?? `${group} ${code}`);
}

function isInOrder(wanted: readonly string[], logged: readonly string[]): boolean {
  let from = 0;
  for (const name of wanted) {
    const at = logged.indexOf(name, from);
    if (at < 0) return false;
    from = at + 1;
  }
  return true;
}

function isWithin(value: number, [least, most]: readonly [number, number]): boolean {
  return value >= least && value <= most;
}

function rangeText([least, most]: readonly [number, number]): string {
  return least === most ? String(least) : `${least} to ${most}`;
}

function numberText(value: number): string {
  return Number.isNaN(value) ? 'nothing' : String(value);
}
