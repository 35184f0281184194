/** A magnet in a hand: dragged, or moved by the arrow keys; its field falls as the third power of its distance from the sensor. */
import { useRef, useState } from 'preact/hooks';
import type { PanelCommand } from '../../commands.ts';
import type { Act } from '../act.ts';
import type { MeterState } from '../live.ts';
import { useSay } from '../speech.ts';

interface MagnetProps {
  readonly state: MeterState;
  readonly act: Act;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Of the drawing: the sensor behind the front, the shelf of the magnet, and how large a millimetre is. */
const SENSOR: Point = { x: 122, y: 246 };
const SHELF: Point = { x: 330, y: 702 };
const SHELF_TOP = 670;
const LIFTED = 640;
const UNITS_PER_MM = 2.83;
/** Before the front of the case. */
const HEIGHT_MM = 15;
/** What the standard's permanent magnet has (meter-hardware.md 5). */
const STRENGTH = { faceMilliTesla: 500, halfLengthMillimetre: 10, hertz: 0 };
const STEP_MM = 10;
const FINE_STEP_MM = 2;
/** A hand that moves says so twenty times a second. */
const TELL_MILLIS = 50;
const QUICK_MILLIS = 400;

const DIRECTIONS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function commandFor(place: Point): PanelCommand {
  if (place.y >= SHELF_TOP) return { do: 'magnet', magnet: null };
  const atMillimetre: [number, number, number] = [
    (place.x - SENSOR.x) / UNITS_PER_MM,
    (place.y - SENSOR.y) / UNITS_PER_MM,
    HEIGHT_MM,
  ];
  return { do: 'magnet', magnet: { ...STRENGTH, atMillimetre } };
}

function placeOf({ magnet }: MeterState): Point {
  if (magnet === null) return SHELF;
  const [x, y] = magnet.atMillimetre;
  return { x: SENSOR.x + x * UNITS_PER_MM, y: SENSOR.y + y * UNITS_PER_MM };
}

function within({ x, y }: Point): Point {
  return { x: Math.min(Math.max(x, 20), 380), y: Math.min(Math.max(y, 20), 710) };
}

/** How far from the sensor's place on the front the field is still strong enough to count, in the drawing. */
function reachOf(limitMicroTesla: number): number {
  const fromSensor =
    STRENGTH.halfLengthMillimetre * Math.cbrt((STRENGTH.faceMilliTesla * 1_000) / limitMicroTesla);
  return Math.sqrt(fromSensor ** 2 - HEIGHT_MM ** 2) * UNITS_PER_MM;
}

export function Magnet({ state, act }: MagnetProps) {
  const { say } = useSay();
  const [hand, setHand] = useState<Point | undefined>(undefined);
  const told = useRef<{ readonly place: Point; readonly atMillis: number }>({ place: SHELF, atMillis: 0 });
  const at = hand ?? placeOf(state);
  const isAway = state.magnet === null && hand === undefined;
  const milliTesla = (state.hallPeakMicroTesla / 1_000).toFixed(1);
  const label = say('magnet', { field: milliTesla });
  const isStrong = state.hallPeakMicroTesla >= state.hallLimits.operateMicroTesla;

  const put = (place: Point) => {
    told.current = { place, atMillis: performance.now() };
    act(commandFor(place));
  };
  const pointAt = (event: PointerEvent): Point => {
    const drawing = (event.currentTarget as SVGGElement).ownerSVGElement;
    const matrix = drawing?.getScreenCTM()?.inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix ?? undefined);
    return within({ x, y });
  };
  const drag = (event: PointerEvent) => {
    if (hand === undefined) return;
    const place = pointAt(event);
    setHand(place);
    if (performance.now() - told.current.atMillis >= TELL_MILLIS) put(place);
  };
  const drop = (event: PointerEvent) => {
    if (hand === undefined) return;
    put(pointAt(event));
    setHand(undefined);
  };
  const byKey = (event: KeyboardEvent) => {
    const direction = DIRECTIONS[event.key];
    const isToggle = event.key === 'Enter' || event.key === ' ';
    if (direction === undefined && !isToggle && event.key !== 'Escape') return;
    event.preventDefault();
    if (event.key === 'Escape') put(SHELF);
    else if (direction === undefined) put(isAway ? SENSOR : SHELF);
    else {
      const step = (event.shiftKey ? FINE_STEP_MM : STEP_MM) * UNITS_PER_MM;
      // Steps in quick succession do not wait for the meter's answer to each; the first one lifts it off its shelf.
      const isQuick = performance.now() - told.current.atMillis < QUICK_MILLIS;
      const place = isQuick ? told.current.place : at;
      const from = { x: place.x, y: Math.min(place.y, LIFTED) };
      put(within({ x: from.x + direction[0] * step, y: from.y + direction[1] * step }));
    }
  };
  return (
    <>
      <path class="shelf" d={`M${SHELF.x - 48} ${SHELF.y + 32}H${SHELF.x + 48}`} />
      {!isAway && (
        <g class={isStrong ? 'field strong' : 'field'}>
          <circle class="reach" cx={SENSOR.x} cy={SENSOR.y} r={reachOf(state.hallLimits.operateMicroTesla)} />
          <circle class="sensor" cx={SENSOR.x} cy={SENSOR.y} r="5" />
          <path class="reach" d={`M${SENSOR.x} ${SENSOR.y}L${at.x} ${at.y}`} />
        </g>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing knows no button */}
      <g
        role="button"
        tabindex={0}
        class="magnet"
        aria-pressed={!isAway}
        aria-label={label}
        transform={`translate(${at.x} ${at.y})`}
        onPointerDown={(event) => {
          (event.currentTarget as SVGGElement).setPointerCapture(event.pointerId);
          setHand(pointAt(event));
        }}
        onPointerMove={drag}
        onPointerUp={drop}
        onPointerCancel={() => setHand(undefined)}
        onKeyDown={byKey}
      >
        <title>{label}</title>
        <path class="bow" d="M-19 24V0A19 19 0 0 1 19 0V24" />
        <path class="tips" d="M-19 13V26M19 13V26" />
      </g>
    </>
  );
}
