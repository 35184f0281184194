/** The last hour as bars, one for each minute; what they are is said in words beside them and stands in a table below. */

interface MinuteBarsProps {
  readonly title: string;
  /** Of the latest minute and of the highest, for those who do not see the bars. */
  readonly words: string;
  /** What the highest bar stands for. */
  readonly top: string;
  readonly values: readonly number[];
  readonly isBad?: boolean;
}

const WIDTH = 600;
const HEIGHT = 64;
/** A minute with anything at all is seen. */
const LEAST = 2;

export function MinuteBars({ title, words, top, values, isBad = false }: MinuteBarsProps) {
  const highest = Math.max(1, ...values);
  const step = WIDTH / values.length;
  return (
    <figure class={isBad ? 'bars bad' : 'bars'}>
      <figcaption class="row">
        <span class="grow">{title}</span>
        <span class="digits">{top}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words}>
        <path class="ground-line" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {values.map((value, index) => {
          const height = value <= 0 ? 0 : Math.max(LEAST, (value / highest) * (HEIGHT - 2));
          return (
            <rect
              key={index}
              class={index === values.length - 1 ? 'running' : ''}
              x={index * step + 1}
              y={HEIGHT - height}
              width={step - 2}
              height={height}
            />
          );
        })}
      </svg>
    </figure>
  );
}
