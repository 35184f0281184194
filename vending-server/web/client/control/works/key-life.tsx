/** How long a vending key lives, as a picture: when it issues, when its KEN ends, and where the present is. */
import type { VendingKey } from './meter-answers.ts';
import { showDay } from './show.ts';
import { useWorks } from './speech.ts';
import { useWidth } from './use-width.ts';

const HEIGHT = 34;
const BAR = { top: 12, height: 10 };

export function KeyLife({ vendingKey, now }: { readonly vendingKey: VendingKey; readonly now: number }) {
  const { say, locale } = useWorks();
  const [place, width] = useWidth<HTMLDivElement>();
  const { activeFrom, issueUntil, expiresAt } = vendingKey;
  const [from, until, expiry] = [activeFrom, issueUntil, expiresAt].map((iso) => Date.parse(iso)) as [
    number,
    number,
    number,
  ];
  const first = Math.min(from, now);
  const last = Math.max(until, expiry, now);
  const x = (at: number) => 4 + ((width - 8) * (at - first)) / Math.max(1, last - first);
  const issues = say('keyIssues', { from: showDay(activeFrom, locale), until: showDay(issueUntil, locale) });
  const ends = say('keyEnds', { at: showDay(expiresAt, locale) });
  return (
    <div ref={place} class="picture">
      <svg width={width} height={HEIGHT} role="img" aria-label={`${issues} ${ends}`}>
        <rect
          class="life-all"
          x={x(from)}
          y={BAR.top}
          width={Math.max(1, x(expiry) - x(from))}
          height={BAR.height}
          rx={3}
        />
        <rect
          class={vendingKey.isUsable ? 'life-issues' : 'life-over'}
          x={x(from)}
          y={BAR.top}
          width={Math.max(1, x(Math.min(until, expiry)) - x(from))}
          height={BAR.height}
          rx={3}
        />
        <line class="life-end" x1={x(expiry)} x2={x(expiry)} y1={6} y2={28} />
        <path class="life-now" d={`M ${x(now)} 10 l -5 -8 h 10 z`} />
        <line class="life-now-line" x1={x(now)} x2={x(now)} y1={10} y2={28} />
      </svg>
      <small>
        {issues} {ends}
      </small>
    </div>
  );
}
