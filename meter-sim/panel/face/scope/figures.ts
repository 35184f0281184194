/** What the traces of the scope say in numbers; µs, V, mJ. */
import { type MemoryPart, partOf } from '../../../firmware/memory-map.ts';
import type { Columns, SavedPage, SupplyTrace, SwitchingTrace } from '../../scope.ts';

export type Span = readonly [fromMicros: number, toMicros: number];

export interface SwitchingFigures {
  /** The true zero next to the movement. */
  readonly zeroAtMicros: number | null;
  /** From the pulse to the movement. */
  readonly delayMicros: number | null;
  /** How long before the predicted zero the movement was aimed at, in time and in deviations of the delay. */
  readonly leadMicros: number | null;
  readonly leadDeviations: number | null;
  /** Of the movement against the aim, and of the predicted zero against the true one; above zero is late. */
  readonly aimErrorMicros: number | null;
  readonly predictionErrorMicros: number | null;
  readonly arcs: readonly Span[];
  readonly arcMicros: number;
}

const minus = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a - b;

export function switchingFigures(trace: SwitchingTrace): SwitchingFigures {
  const { movedAtMicros: moved, predictedZeroAtMicros: predicted, expectedAtMicros: expected } = trace;
  const zeroAtMicros = nearestZero(trace, moved);
  const leadMicros = minus(predicted, expected);
  const arcs = arcsOf(trace);
  return {
    zeroAtMicros,
    delayMicros: minus(moved, trace.firedAtMicros),
    leadMicros,
    leadDeviations: leadMicros === null || !trace.deviationMicros ? null : leadMicros / trace.deviationMicros,
    aimErrorMicros: minus(moved, expected),
    predictionErrorMicros: minus(predicted, nearestZero(trace, predicted)),
    arcs,
    arcMicros: arcs.reduce((sum, [from, to]) => sum + to - from, 0),
  };
}

function nearestZero(
  { zeroBeforeMicros: before, zeroAfterMicros: after }: SwitchingTrace,
  at: number | null,
): number | null {
  if (before === null || after === null || at === null) return null;
  return at - before < after - at ? before : after;
}

/** The samples of a trace with the movement among them, and the zero in which an arc ended: both are known to the µs. */
export function exactColumns(trace: SwitchingTrace): Columns {
  const { direction, movedAtMicros: moved, zeroAfterMicros: zero, arcMilliJoule } = trace;
  if (moved === null) return trace;
  const isOpening = direction === 'open';
  const withMovement = inserted(trace, moved, { contact: !isOpening });
  return isOpening && arcMilliJoule && zero !== null
    ? inserted(withMovement, zero, { amp: 0 })
    : withMovement;
}

function inserted(columns: Columns, at: number, known: { contact?: boolean; amp?: number }): Columns {
  const { atMicros, volt, amp, coil, contact, arc } = columns;
  const index = atMicros.findIndex((each) => each >= at);
  if (index <= 0) return columns;
  const [from, to] = [atMicros[index - 1] as number, atMicros[index] as number];
  const between = (values: readonly number[]): number => {
    const [before, after] = [values[index - 1] as number, values[index] as number];
    return before + ((after - before) * (at - from)) / (to - from);
  };
  const kept = <Value>(values: readonly Value[], value: Value): Value[] => [
    ...values.slice(0, index),
    value,
    ...values.slice(index),
  ];
  return {
    atMicros: kept(atMicros, at),
    volt: kept(volt, between(volt)),
    amp: kept(amp, known.amp ?? between(amp)),
    coil: kept(coil, coil[index - 1] as boolean),
    contact: kept(contact, known.contact ?? (contact[index - 1] as boolean)),
    arc: kept(arc, arc[index - 1] as boolean),
  };
}

/** An arc at parting is known to the µs, those of bounces to the sample. */
function arcsOf(trace: SwitchingTrace): Span[] {
  const { direction, movedAtMicros, zeroAfterMicros, arcMilliJoule, atMicros, arc } = trace;
  if (arcMilliJoule === null || arcMilliJoule === 0) return [];
  if (direction === 'open')
    return movedAtMicros === null || zeroAfterMicros === null ? [] : [[movedAtMicros, zeroAfterMicros]];
  const arcs: Span[] = [];
  let from: number | undefined;
  for (const [index, burns] of arc.entries()) {
    const at = atMicros[index] as number;
    if (burns) from ??= at;
    else if (from !== undefined) {
      arcs.push([from, at]);
      from = undefined;
    }
  }
  return arcs;
}

export interface SupplyFigures {
  readonly lostAtMicros: number;
  /** The firmware was warned; the MCU was reset: null when the mains came back before. */
  readonly warnedAtMicros: number | null;
  readonly resetAtMicros: number | null;
  readonly saves: readonly SavedPage[];
  /** The last page of the journal was whole; of anything, where nothing was owed to the journal. */
  readonly savedAtMicros: number | null;
  /** From there to the reset, and the rail's voltage then. */
  readonly leftMicros: number | null;
  readonly savedAtVolt: number | null;
  readonly tornWrites: number;
  /** Whole pages of the journal: without them nothing is saved, what else is written is less. */
  readonly journalPages: number;
}

export function supplyFigures({ atMicros, railVolt, state, saves }: SupplyTrace): SupplyFigures {
  const first = (name: string): number | null => atMicros[state.indexOf(name)] ?? null;
  const resetAtMicros = first('off');
  const whole = saves.filter(({ isTorn }) => !isTorn);
  const journal = whole.filter(({ page }) => isJournal(page));
  const savedAtMicros = (journal.at(-1) ?? whole.at(-1))?.endedAtMicros ?? null;
  const sample = savedAtMicros === null ? -1 : atMicros.findIndex((at) => at >= savedAtMicros);
  return {
    lostAtMicros: atMicros[0] ?? 0,
    warnedAtMicros: first('failing'),
    resetAtMicros,
    saves,
    savedAtMicros,
    leftMicros: minus(resetAtMicros, savedAtMicros),
    savedAtVolt: railVolt[sample] ?? null,
    tornWrites: saves.length - whole.length,
    journalPages: journal.length,
  };
}

const JOURNAL: readonly MemoryPart[] = ['deltas', 'snapshots'];

export function isJournal(page: number): boolean {
  return JOURNAL.includes(partOf(page));
}

const MICROS_A_DAY = 86_400e6;

/** @returns days until a page has had `endurance` writes, if it is written on as it was in `micros`; null for one never written. */
export function lifeDays(writes: number, micros: number, endurance: number): number | null {
  return writes === 0 ? null : (endurance * micros) / writes / MICROS_A_DAY;
}

/** Shades of wear beside the one of never. */
export const WEAR_LEVELS = 5;

/** @returns 0 for a page that was never written, up to {@link WEAR_LEVELS} for the most worn. */
export function wearLevel(writes: number, most: number): number {
  return writes === 0 ? 0 : Math.ceil((writes / most) * WEAR_LEVELS);
}
