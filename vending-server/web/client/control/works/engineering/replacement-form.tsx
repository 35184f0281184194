import { showKwh, showMinor } from '../../../money.ts';
import { ActForm, type Values } from '../act-form.tsx';
import type { Giving } from '../giving.ts';
import type { MeterSales } from '../meter-answers.ts';
import { showMoment } from '../show.ts';
import { useAnswer } from '../use-answer.ts';
import { REASONS } from './commands.ts';
import { useSay } from './speech.ts';

interface ReplacementFormProps {
  readonly meter: string;
  readonly giving: Giving;
  readonly words: (error: unknown) => string;
}

/** Sales of which a token may be chosen: the newest, for a token that was lost is asked for soon. */
const SHOWN_SALES = 20;

export function ReplacementForm({ meter, giving, words }: ReplacementFormProps) {
  const { say, locale } = useSay();
  const sales = useAnswer<MeterSales>(`/v1/meters/${meter}/sales?limit=${SHOWN_SALES}`, words);
  const tokens = (sales.answer?.sales ?? [])
    .filter(({ state }) => state !== 'reversed')
    .flatMap(({ saleId, soldAt, vendorId, tokens, paidMinor, currency }) =>
      tokens.flatMap(({ kind, amountDeciKwh }, index) => {
        if (kind !== 'creditElectricity' && kind !== 'currencyCredit') return [];
        const units =
          amountDeciKwh === null ? showMinor(paidMinor, currency, locale) : showKwh(amountDeciKwh, locale);
        const label = say('tokenOfSale', { units, time: showMoment(soldAt, locale), vendor: vendorId });
        return [[`${saleId} ${index + 1}`, label] as const];
      }),
    );
  const replace = async ({ token = '', reasonCode = '', reason = '' }: Values): Promise<string> => {
    const [saleId = '', place = ''] = token.split(' ');
    const body = { requestId: crypto.randomUUID(), saleId, token: Number(place), reasonCode, reason };
    const isGiven = await giving.give('/v1/replacements', body, `${meter}: ${say('replacement')}`);
    return isGiven ? '' : say('waitsForSecond');
  };
  return (
    <section class="card" aria-labelledby="replacement">
      <h2 id="replacement">{say('replacement')}</h2>
      <p class="hint">{say('replacementHint')}</p>
      {sales.problem !== '' && <p class="problem">{sales.problem}</p>}
      {sales.answer !== undefined && tokens.length === 0 && <p>{say('noSales')}</p>}
      {tokens.length > 0 && (
        <ActForm
          id="replacement"
          fields={[
            { name: 'token', label: say('chooseSale'), kind: 'select', options: tokens },
            {
              name: 'reasonCode',
              label: say('reasonCode'),
              kind: 'select',
              options: REASONS.replacement.map((code) => [code, say(code)]),
            },
            { name: 'reason', label: say('reason'), hint: say('reasonHint'), length: 200 },
          ]}
          action={say('replace')}
          act={replace}
          words={words}
        />
      )}
    </section>
  );
}
