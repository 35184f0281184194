import { useEffect, useState } from 'preact/hooks';
import { call, Refusal } from '../api.ts';
import { parseMinor, showMinor } from '../money.ts';
import type { Shift, Vendor } from './answers.ts';
import { shiftAtTill } from './kept.ts';
import { useSay } from './speech.ts';

interface ShiftPanelProps {
  readonly vendor: Vendor;
  readonly tillId: string;
  /** Counts sales of this page: looks again when it rises. */
  readonly sold: number;
  readonly wordsOf: (error: unknown) => string;
}

export function ShiftPanel({ vendor, tillId, sold, wordsOf }: ShiftPanelProps) {
  const { say, locale } = useSay();
  const kept = shiftAtTill(vendor.vendorId);
  const [shift, setShift] = useState<Shift | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const base = `/v1/vendors/${vendor.vendorId}/shifts`;
  const money = (minor: number) => showMinor(minor, vendor.currency, locale);
  const isOpen = shift !== undefined && shift.shift.closedAt === null;

  const attempt = async (work: () => Promise<Shift>) => {
    setProblem('');
    try {
      const found = await work();
      setShift(found);
      if (found.shift.closedAt === null) kept.keep(found.shift.shiftId);
      else kept.forget();
    } catch (error) {
      if (error instanceof Refusal && error.code === 'shift_unknown') kept.forget();
      else
        setProblem(
          error instanceof Refusal && error.code === 'shift_open' ? say('shiftElsewhere') : wordsOf(error),
        );
    }
  };
  useEffect(() => {
    const shiftId = kept.read();
    if (shiftId !== undefined) void attempt(() => call<Shift>('GET', `${base}/${shiftId}`));
  }, [sold]);
  const open = () => attempt(() => call<Shift>('POST', base, { shiftId: crypto.randomUUID(), tillId }));
  const close = (event: Event) => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get('counted') ?? '').trim();
    const countedMinor = /^0+([.,]0*)?$/.test(text) ? 0 : (parseMinor(text, vendor.currency) ?? null);
    if (text !== '' && countedMinor === null) {
      setProblem(say('amountWrong'));
      return;
    }
    const path = `${base}/${shift?.shift.shiftId}/close`;
    void attempt(() => call<Shift>('POST', path, { countedMinor }));
  };

  return (
    <section class="card" aria-labelledby="shift">
      <h2 id="shift">{say('shift')}</h2>
      <p role="status">
        {shift === undefined
          ? say('shiftNone')
          : isOpen
            ? say('shiftOpen', { time: new Date(shift.shift.openedAt).toLocaleTimeString(locale) })
            : say('shiftClosed')}
      </p>
      {shift !== undefined && (
        <dl>
          <div>
            <dt>{say('sales')}</dt>
            <dd>
              {shift.totals.all.sales} · {money(shift.totals.all.paidMinor)}
            </dd>
          </div>
          <div>
            <dt>{say('expected')}</dt>
            <dd>{money(shift.expectedMinor)}</dd>
          </div>
          {shift.differenceMinor !== null && (
            <div>
              <dt>{say('difference')}</dt>
              <dd>{money(shift.differenceMinor)}</dd>
            </div>
          )}
        </dl>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
      {isOpen ? (
        <form onSubmit={close} class="row wrap">
          <label class="choice">
            {say('counted')}
            <input name="counted" inputMode="decimal" autocomplete="off" maxLength={14} />
          </label>
          <button type="submit">{say('closeShift')}</button>
        </form>
      ) : (
        <button type="button" onClick={() => void open()}>
          {say('openShift')}
        </button>
      )}
    </section>
  );
}
