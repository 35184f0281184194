import { parseDeciKwh, parseMinor } from '../../../money.ts';
import { WrongInput } from '../../deed.tsx';
import { ActForm, type Values } from '../act-form.tsx';
import type { Giving } from '../giving.ts';
import type { MeterAccount } from '../meter-answers.ts';
import { useAnswer } from '../use-answer.ts';
import { REASONS } from './commands.ts';
import { useSay } from './speech.ts';

interface FreeIssueFormProps {
  readonly meter: string;
  readonly giving: Giving;
  readonly words: (error: unknown) => string;
}

export function FreeIssueForm({ meter, giving, words }: FreeIssueFormProps) {
  const { say } = useSay();
  const { answer: account } = useAnswer<MeterAccount>(`/v1/meters/${meter}/account`, words);
  const issue = async ({ amount = '', unit, reasonCode = '', reason = '' }: Values): Promise<string> => {
    const currency = account?.currency ?? '';
    const isEnergy = unit === 'energy';
    const parsed = isEnergy ? parseDeciKwh(amount) : parseMinor(amount, currency);
    if (parsed === undefined) throw new WrongInput(say('amountWrong'));
    const carried = isEnergy ? { amountDeciKwh: parsed } : { amountMinor: parsed };
    const body = { requestId: crypto.randomUUID(), meter, ...carried, reasonCode, reason };
    const said = `${meter}: ${say('freeIssue')}, ${amount} ${isEnergy ? 'kWh' : currency}`;
    const isGiven = await giving.give('/v1/free-issues', body, said);
    return isGiven ? '' : say('waitsForSecond');
  };
  const isByBand = account !== undefined && account.block === null;
  return (
    <section class="card" aria-labelledby="free-issue">
      <h2 id="free-issue">{say('freeIssue')}</h2>
      <p class="hint">{say('freeIssueHint')}</p>
      <ActForm
        key={String(isByBand)}
        id="free"
        fields={[
          { name: 'amount', label: say('amount'), kind: 'money', length: 14 },
          {
            name: 'unit',
            label: say('freeIssueUnit'),
            kind: 'select',
            options: isByBand ? [['money', say('freeMoney')]] : [['energy', say('freeEnergy')]],
          },
          {
            name: 'reasonCode',
            label: say('reasonCode'),
            kind: 'select',
            options: REASONS.freeIssue.map((code) => [code, say(code)]),
          },
          { name: 'reason', label: say('reason'), hint: say('reasonHint'), length: 200 },
        ]}
        action={say('issueFree')}
        act={issue}
        words={words}
      />
    </section>
  );
}
