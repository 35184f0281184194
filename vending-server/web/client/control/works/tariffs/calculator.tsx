import { useState } from 'preact/hooks';
import { call } from '../../../api.ts';
import { showKwh } from '../../../money.ts';
import { ActForm, type Field, type Values } from '../act-form.tsx';
import type { MeterAccount } from '../meter-answers.ts';
import { MeterFinder } from '../meter-finder.tsx';
import { DRAFT, NOTHING, type TrialOption, trialsOf } from './ask-trials.ts';
import { useSay } from './speech.ts';
import type { Terms, Version } from './terms.ts';
import { showCarried, type Trial, TrialsBeside, TrialTable } from './trial-table.tsx';
import { showIn } from './zone-time.ts';

interface CalculatorProps {
  readonly tariffId: string;
  readonly versions: readonly Version[];
  readonly chosen: Version;
  readonly draft: Terms | undefined;
  readonly mayFindMeters: boolean;
  readonly words: (error: unknown) => string;
}

/** The server reckons; the page asks it once for each version. */
export function Calculator({ tariffId, versions, chosen, draft, mayFindMeters, words }: CalculatorProps) {
  const { say, locale } = useSay();
  const [account, setAccount] = useState<MeterAccount | undefined>(undefined);
  const [trials, setTrials] = useState<readonly Trial[]>([]);
  const [problem, setProblem] = useState('');
  const { currency } = chosen.terms;
  const options: readonly TrialOption[] = [
    ...versions.map(({ validFrom, terms }) => {
      const time = Date.parse(validFrom) === 0 ? say('beginning') : showIn(validFrom, terms.timeZone, locale);
      return { name: validFrom, label: say('versionFrom', { time }), terms };
    }),
    ...(draft === undefined ? [] : [{ name: DRAFT, label: say('draft'), terms: draft }]),
  ];
  const choices = options.map(({ name, label }) => [name, label] as const);
  const likeMeter = async (drn: string) => {
    setProblem('');
    setTrials([]);
    try {
      setAccount(await call<MeterAccount>('GET', `/v1/meters/${drn}/account`));
    } catch (error) {
      setProblem(words(error));
    }
  };
  const reckon = async (values: Values): Promise<string> => {
    setTrials([]);
    setTrials(await trialsOf(values, { tariffId, currency, account, options, say }));
    return '';
  };
  const past: readonly Field[] = [
    { name: 'month', label: say('monthSoFar'), kind: 'money', value: '0', length: 12 },
    { name: 'arrears', label: `${say('arrears')} (${currency})`, kind: 'money', value: '0', length: 14 },
    { name: 'share', label: say('arrearsShare'), kind: 'money', value: '100', length: 8 },
    { name: 'freeUnits', label: say('freeUnitsDue'), kind: 'check', value: '' },
  ];
  return (
    <section class="card" aria-labelledby="calculator">
      <h2 id="calculator">{say('calculator')}</h2>
      <p class="hint">{say('calculatorHint')}</p>
      {mayFindMeters && account === undefined && (
        <MeterFinder label={say('asMeter')} onChosen={(drn) => void likeMeter(drn)} words={words} />
      )}
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {account !== undefined && (
        <LikeMeter
          account={account}
          onDrop={() => {
            setAccount(undefined);
            setTrials([]);
          }}
        />
      )}
      <ActForm
        key={`${account?.meter.drn} ${chosen.validFrom} ${draft === undefined}`}
        id="calculator"
        isMain
        fields={[
          {
            name: 'known',
            label: say('payOrUnits'),
            kind: 'select',
            options: [
              ['money', `${say('byMoney')} (${currency})`],
              ['units', `${say('byUnits')} (kWh)`],
            ],
          },
          { name: 'amount', label: say('amount'), kind: 'money', length: 14 },
          ...(account === undefined ? past : []),
          { name: 'under', label: say('under'), kind: 'select', options: choices, value: chosen.validFrom },
          {
            name: 'besides',
            label: say('besides'),
            kind: 'select',
            options: [[NOTHING, say('nothingBesides')], ...choices],
            value: draft === undefined ? NOTHING : DRAFT,
            isOptional: true,
          },
        ]}
        action={say('reckon')}
        act={reckon}
        words={words}
      />
      <div role="status" class="cards">
        {trials.map((trial) => (
          <TrialTable key={trial.version} trial={trial} />
        ))}
      </div>
      {trials.length === 2 && <TrialsBeside trials={trials} />}
    </section>
  );
}

function LikeMeter({ account, onDrop }: { readonly account: MeterAccount; readonly onDrop: () => void }) {
  const { say, locale } = useSay();
  const { meter, monthUnitsDeciKwh, history } = account;
  return (
    <div class="notice row wrap" role="status">
      <span class="grow">
        {say('likeMeter', {
          meter: meter.drn,
          units: showKwh(monthUnitsDeciKwh, locale),
          debts: history.debts.filter(({ balanceMinor }) => balanceMinor > 0).length,
          carried: showCarried(history.carriedMinor, account.currency, locale),
        })}
      </span>
      <button type="button" onClick={onDrop}>
        {say('withoutMeter')}
      </button>
    </div>
  );
}
