/** Meters: found, and all that the books know of one; its address is `#/meters/<number>`, so that others can lead here. */
import type { SectionProps } from '../../sections.ts';
import type { Meter, MeterAccount } from '../meter-answers.ts';
import { MeterFinder } from '../meter-finder.tsx';
import { useFaultWords } from '../speech.ts';
import { useAnswer } from '../use-answer.ts';
import { CustomerCard } from './customer-card.tsx';
import { DebtsCard } from './debts-card.tsx';
import { FaultReportsCard } from './fault-reports-card.tsx';
import { KeyCard } from './key-card.tsx';
import { PurchasesCard } from './purchases-card.tsx';
import { RegisterCard, RegisterForm } from './register-card.tsx';
import { useSay } from './speech.ts';

export function Meters({ session, wordsOf, place }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  // Whatever else stands in the address names no meter.
  const drn = /^\d{11,18}$/.test(place) ? place : undefined;
  const may = (permission: string) => session.permissions.includes(permission);
  const meter = useAnswer<Meter>(drn === undefined ? undefined : `/v1/meters/${drn}`, words);
  const found = meter.answer;
  // Asked once for all cards: each look at an account stands in the audit trail.
  const account = useAnswer<MeterAccount>(
    found === undefined || !may('customer.read') ? undefined : `/v1/meters/${found.drn}/account`,
    words,
  );
  return (
    <>
      <section class="card" aria-label={say('find')}>
        <MeterFinder onChosen={goTo} words={words} />
        {meter.problem !== '' && (
          <p class="problem" role="alert">
            {meter.problem}
          </p>
        )}
        {may('meter.register') && (
          <details>
            <summary>{say('registerMeter')}</summary>
            <RegisterForm words={words} onRegistered={goTo} />
          </details>
        )}
      </section>
      {found !== undefined && (
        <div class="halves" key={found.meterPan}>
          <div class="pile">
            <RegisterCard meter={found} may={may} words={words} onChanged={meter.again} />
            {may('customer.read') && (
              <>
                <CustomerCard meter={found} may={may} words={words} />
                <DebtsCard meter={found} account={account} may={may} words={words} />
              </>
            )}
            {may('faultReport.read') && <FaultReportsCard meter={found} may={may} words={words} />}
          </div>
          {may('keyChange.read') && <KeyCard meter={found} may={may} words={words} onChanged={meter.again} />}
          {may('customer.read') && <PurchasesCard meter={found} account={account} words={words} />}
        </div>
      )}
    </>
  );
}

function goTo(drn: string): void {
  location.hash = `#/meters/${drn}`;
}
