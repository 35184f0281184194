import { useWidth } from '../use-width.ts';
import { useSay } from './speech.ts';
import type { Version } from './terms.ts';
import { showIn } from './zone-time.ts';

const HEIGHT = 46;
const EDGE = 10;
const DAY = 86_400_000;

interface VersionsLineProps {
  readonly versions: readonly Version[];
  readonly chosen: Version;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  readonly onChoose: (version: Version) => void;
}

/** Versions in time: a line for the eye, and buttons for everybody. */
export function VersionsLine({ versions, chosen, now, onChoose }: VersionsLineProps) {
  const { say, locale } = useSay();
  const [place, width] = useWidth<HTMLDivElement>();
  const begins = versions.map(({ validFrom }) => Date.parse(validFrom));
  // What was from the beginning on would squeeze all others together: the line begins a while before the first date.
  const dated = begins.filter((at) => at > 0);
  const last = Math.max(now, ...dated) + 30 * DAY;
  const first = Math.min(now, ...dated) - Math.max(60 * DAY, (last - now) / 4);
  const x = (at: number) => EDGE + ((width - 2 * EDGE) * (Math.max(at, first) - first)) / (last - first);
  const inForce = begins.filter((at) => at <= now).length - 1;
  const nameOf = ({ validFrom, terms }: Version) =>
    Date.parse(validFrom) === 0 ? say('beginning') : showIn(validFrom, terms.timeZone, locale);
  return (
    <div ref={place} class="picture">
      <svg width={width} height={HEIGHT} role="img" aria-label={say('versionsPicture')}>
        {versions.map((version, index) => (
          <rect
            key={version.validFrom}
            class={index === inForce ? 'span-now' : index > inForce ? 'span-next' : 'span-over'}
            x={x(begins[index] ?? 0)}
            y={16}
            width={Math.max(2, x(begins[index + 1] ?? last) - x(begins[index] ?? 0) - 2)}
            height={version === chosen ? 18 : 10}
          />
        ))}
        <path class="life-now" d={`M ${x(now)} 12 l -5 -9 h 10 z`} />
        <line class="life-now-line" x1={x(now)} x2={x(now)} y1={12} y2={38} />
      </svg>
      <ul class="legend">
        {versions.map((version, index) => (
          <li key={version.validFrom}>
            <button type="button" aria-pressed={version === chosen} onClick={() => onChoose(version)}>
              {nameOf(version)}{' '}
              <small>{say(index === inForce ? 'inForce' : index > inForce ? 'coming' : 'over')}</small>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
