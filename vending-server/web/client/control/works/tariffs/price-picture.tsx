import { showKwh } from '../../../money.ts';
import { useWidth } from '../use-width.ts';
import { useSay } from './speech.ts';
import type { Block, EnergyTerms, Terms } from './terms.ts';

const HEIGHT = 190;
const EDGE = { left: 52, right: 12, top: 18, bottom: 34 };
/** Where no block ends, so many units are shown. */
const DEFAULT_SPAN_DECI_KWH = 5_000;
/** What is drawn of the last block, beside all before it. */
const TAIL = 1.35;

interface PricePictureProps {
  readonly terms: Terms;
  /** Drawn behind it, dashed. */
  readonly before?: Terms | undefined;
}

/** Price steps over the units of the month. Prices are numbers here for the drawing alone. */
export function PricePicture({ terms, before }: PricePictureProps) {
  const { say, locale } = useSay();
  const [place, width] = useWidth<HTMLDivElement>();
  const blocks = blocksOf(terms.energy);
  const old = before === undefined ? [] : blocksOf(before.energy);
  if (blocks.length === 0) return null;
  const ends = [...blocks, ...old].map(({ untilDeciKwh }) => untilDeciKwh ?? 0);
  const span = Math.max(...ends) * TAIL || DEFAULT_SPAN_DECI_KWH;
  const highest = Math.max(...[...blocks, ...old].map(({ pricePerKwh }) => Number(pricePerKwh))) * 1.15;
  const right = width - EDGE.right;
  const x = (deciKwh: number) => EDGE.left + ((right - EDGE.left) * deciKwh) / span;
  const y = (price: number) => HEIGHT - EDGE.bottom - ((HEIGHT - EDGE.bottom - EDGE.top) * price) / highest;
  const steps = stepsOf(blocks, span);
  const path = (of: readonly Step[]) =>
    of
      .map(
        ({ from, to, price }, index) =>
          `${index === 0 ? 'M' : 'L'}${x(from)} ${y(price)}L${x(to)} ${y(price)}`,
      )
      .join('');
  const said = blocks
    .map(({ untilDeciKwh, pricePerKwh: price }) =>
      untilDeciKwh === null
        ? say('blockFrom', { price })
        : say('blockTo', { units: showKwh(untilDeciKwh, locale), price }),
    )
    .join('; ');
  return (
    <div ref={place} class="picture">
      <svg width={width} height={HEIGHT} role="img" aria-label={`${say('pricePicture')}. ${said}`}>
        <line class="axis" x1={EDGE.left} x2={right} y1={y(0)} y2={y(0)} />
        <line class="axis" x1={EDGE.left} x2={EDGE.left} y1={EDGE.top} y2={y(0)} />
        {steps.map(({ from, to, price }) => (
          <g key={from}>
            <rect
              class="price-fill"
              x={x(from)}
              y={y(price)}
              width={x(to) - x(from)}
              height={y(0) - y(price)}
            />
            {from > 0 && (
              <text class="tick-text" text-anchor="middle" x={x(from)} y={y(0) + 15}>
                {showKwh(from, locale).replace(' kWh', '')}
              </text>
            )}
          </g>
        ))}
        {old.length > 0 && <path class="price-before" d={path(stepsOf(old, span))} />}
        <path class="price-line" d={path(steps)} />
        {steps.map(({ from, price, text }) => (
          <text key={from} class="price-tag" x={x(from) + 6} y={y(price) - 5}>
            {text}
          </text>
        ))}
        <text class="tick-text" text-anchor="end" x={EDGE.left - 6} y={y(0) + 4}>
          0
        </text>
        <text class="tick-text" text-anchor="start" x={0} y={11}>
          {say('priceAxis', { currency: terms.currency })}
        </text>
        <text class="tick-text" text-anchor="end" x={right} y={HEIGHT - 4}>
          {say('unitsAxis')}
        </text>
      </svg>
    </div>
  );
}

function blocksOf(energy: EnergyTerms): readonly Block[] {
  if (energy.kind === 'flat') return [{ untilDeciKwh: null, pricePerKwh: energy.pricePerKwh }];
  return energy.kind === 'blocks' ? energy.blocks : [];
}

interface Step {
  readonly from: number;
  readonly to: number;
  readonly price: number;
  readonly text: string;
}

function stepsOf(blocks: readonly Block[], span: number): readonly Step[] {
  return blocks.map(({ untilDeciKwh, pricePerKwh }, index) => {
    const from = blocks[index - 1]?.untilDeciKwh ?? 0;
    return { from, to: untilDeciKwh ?? span, price: Number(pricePerKwh), text: pricePerKwh };
  });
}
