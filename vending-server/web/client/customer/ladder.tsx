/**
 * The month as a staircase: along the ground the units of the month, as high as the price of each. What was bought before is a
 * shallow strip, because its prices stand on other receipts; this purchase is filled, what is left of the block is an outline.
 */
import { showKwh } from '../money.ts';
import type { Receipt } from './answers.ts';
import { showPrice } from './figures.ts';
import { useSay } from './speech.ts';
import type { Line } from './split.ts';

interface LadderProps {
  readonly month: NonNullable<Receipt['month']>;
  readonly lines: readonly Line[];
  readonly currency: string;
}

/** Of the picture, which is stretched to its place. */
const WIDTH = 1000;
const HEIGHT = 200;
const STRIP = 26;
/** A block that goes on for long is drawn no longer than this share of the rest. */
const LEFT_SHARE = 0.5;

export function Ladder({ month, lines, currency }: LadderProps) {
  const { say, locale } = useSay();
  const { before, after, unitsDeciKwh } = month;
  const steps = lines.flatMap((line) => (line.kind === 'energy' ? (line.steps ?? []) : []));
  const from = steps[0]?.fromDeciKwh ?? unitsDeciKwh;
  const to = Math.max(unitsDeciKwh, from);
  const kwh = (deciKwh: number) => showKwh(deciKwh, locale);
  const price = (text: string) => showPrice(text, currency, locale);
  const left = Math.min(after.leftDeciKwh ?? Number.POSITIVE_INFINITY, Math.max(to * LEFT_SHARE, 1));
  const x = (deciKwh: number) => (deciKwh / (to + left)) * WIDTH;
  const highest = Math.max(
    ...[...steps, before, after].map(({ pricePerKwh }) => Number(pricePerKwh)),
    Number.MIN_VALUE,
  );
  const top = (pricePerKwh: string) =>
    HEIGHT - Math.max((Number(pricePerKwh) / highest) * (HEIGHT - 8), STRIP);
  const said = steps
    .map(({ amountDeciKwh, pricePerKwh }) =>
      say('energyAt', { units: kwh(amountDeciKwh), price: price(pricePerKwh) }),
    )
    .join(', ');
  return (
    <>
      <h3>{say('ladder')}</h3>
      <p class="hint">{say('ladderHint')}</p>
      <svg
        class="ladder"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={say('ladderPicture', { from: kwh(from), to: kwh(to), steps: said })}
      >
        <rect class="past" x={0} y={HEIGHT - STRIP} width={x(from)} height={STRIP} />
        {steps.map((step, index) => (
          <rect
            key={step.fromDeciKwh}
            class={`energy${Math.min(index, 3)}`}
            x={x(step.fromDeciKwh)}
            y={top(step.pricePerKwh)}
            width={Math.max(x(step.amountDeciKwh), 3)}
            height={HEIGHT - top(step.pricePerKwh)}
          />
        ))}
        <rect
          class="rest"
          x={x(to) + 2}
          y={top(after.pricePerKwh)}
          width={x(left) - 4}
          height={HEIGHT - top(after.pricePerKwh)}
        />
        <line class="floor" x1={0} y1={HEIGHT} x2={WIDTH} y2={HEIGHT} />
      </svg>
      <ul class="legend" aria-hidden="true">
        {from > 0 && (
          <li>
            <span class="key past" /> {say('boughtBefore')} {kwh(from)}
          </li>
        )}
        <li>
          {steps.map(({ fromDeciKwh }, index) => (
            <span key={fromDeciKwh} class={`key energy${Math.min(index, 3)}`} />
          ))}{' '}
          {say('thisPurchase')} {kwh(to - from)}
        </li>
        {after.leftDeciKwh !== null && (
          <li>
            <span class="key rest" /> {say('leftInBlock')} {kwh(after.leftDeciKwh)}
          </li>
        )}
      </ul>
      <dl>
        {(
          [
            ['before', before],
            ['after', after],
          ] as const
        ).map(([key, { block, pricePerKwh }]) => (
          <div key={key}>
            <dt>{say(key)}</dt>
            <dd>{say('blockAt', { block, price: price(pricePerKwh) })}</dd>
          </div>
        ))}
      </dl>
      {after.leftDeciKwh !== null && <p>{say('left', { units: kwh(after.leftDeciKwh) })}</p>}
    </>
  );
}
