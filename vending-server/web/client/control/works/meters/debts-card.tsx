import { call } from '../../../api.ts';
import { parseMinor, showMinor } from '../../../money.ts';
import { WrongInput } from '../../deed.tsx';
import { ActForm, type Values } from '../act-form.tsx';
import type { Debt } from '../meter-answers.ts';
import { perCentOf, rateOf } from '../share.ts';
import type { AccountCardProps } from './card-props.ts';
import { useSay } from './speech.ts';

const RECOVERIES = ['all', 'fixed', 'percentage'] as const;

export function DebtsCard({ meter, account: asked, may, words }: AccountCardProps) {
  const { say, locale } = useSay();
  const { answer: account, problem, again } = asked;
  const currency = account?.currency ?? '';
  const money = (minor: number) => showMinor(minor, currency, locale);
  const debts = (account?.history.debts ?? []).filter(({ balanceMinor }) => balanceMinor > 0);
  const charges = (account?.chargesDue ?? []).filter(({ dueMinor }) => dueMinor > 0);
  const recoveryWords = ({ recovery }: Debt): string => {
    switch (recovery.kind) {
      case 'all':
        return say('recovery_all');
      case 'fixed':
        return say('recoveryFixed', { amount: money(recovery.amountMinor) });
      case 'percentage':
        return say('recoveryShare', { share: perCentOf(recovery.rate) });
    }
  };
  const open = async ({ debtId, label, amount = '', kind, value = '' }: Values): Promise<string> => {
    const amountMinor = parseMinor(amount, currency);
    if (amountMinor === undefined) throw new WrongInput(say('amountWrong'));
    const recovery =
      kind === 'fixed'
        ? { kind, amountMinor: parseMinor(value, currency) }
        : kind === 'percentage'
          ? { kind, rate: rateOf(value) }
          : { kind: 'all' };
    if (Object.values(recovery).includes(undefined)) throw new WrongInput(say('amountWrong'));
    await call('POST', `/v1/meters/${meter.drn}/debts`, { debtId, label, amountMinor, currency, recovery });
    again();
    return say('debtOpened');
  };
  return (
    <section class="card" aria-labelledby="debts">
      <h2 id="debts">{say('debts')}</h2>
      {problem !== '' && <p class="problem">{problem}</p>}
      {account !== undefined && debts.length + charges.length === 0 && <p>{say('noDebts')}</p>}
      <ul class="recent">
        {debts.map((debt) => (
          <li key={debt.debtId}>
            <span class="grow">
              {debt.label}
              <small>
                {debt.debtId} · {recoveryWords(debt)}
              </small>
            </span>
            <b class="digits">{money(debt.balanceMinor)}</b>
          </li>
        ))}
        {charges.map(({ chargeId, label, dueMinor }) => (
          <li key={chargeId}>
            <span class="grow">{label}</span>
            <b class="digits">{say('due', { amount: money(dueMinor) })}</b>
          </li>
        ))}
      </ul>
      {may('debt.open') && account !== undefined && (
        <details>
          <summary>{say('openDebt')}</summary>
          <ActForm
            id="debt"
            fields={[
              { name: 'debtId', label: say('debtId'), length: 64 },
              { name: 'label', label: say('debtLabel'), length: 200 },
              { name: 'amount', label: say('debtAmount', { currency }), kind: 'money', length: 14 },
              {
                name: 'kind',
                label: say('recovery'),
                kind: 'select',
                options: RECOVERIES.map((each) => [each, say(`recovery_${each}`)]),
              },
              {
                name: 'value',
                label: say('recoveryValue'),
                kind: 'money',
                isOptional: true,
                hint: say('recoveryValueHint'),
                length: 14,
              },
            ]}
            action={say('openDebt')}
            act={open}
            words={words}
          />
        </details>
      )}
    </section>
  );
}
