/** Tokens without money: commands for meters, tests, free credit, and a token in the place of a lost one. */
import { useState } from 'preact/hooks';
import type { SectionProps } from '../../sections.ts';
import { useGiving } from '../giving.ts';
import { MeterFinder } from '../meter-finder.tsx';
import { SaleTokens } from '../sale-tokens.tsx';
import { useFaultWords } from '../speech.ts';
import { WaitingList } from '../waiting-list.tsx';
import { CommandForm } from './command-form.tsx';
import { type Command, commandWords } from './commands.ts';
import { FreeIssueForm } from './free-issue-form.tsx';
import { ReplacementForm } from './replacement-form.tsx';
import { useSay } from './speech.ts';
import { TestTokenForm } from './test-token-form.tsx';

export function Engineering({ session, wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const giving = useGiving(session);
  const [meter, setMeter] = useState<string | undefined>(undefined);
  const may = (permission: string) => session.permissions.includes(permission);
  return (
    <>
      <section class="card">
        <h2>{say('meter')}</h2>
        <MeterFinder onChosen={setMeter} words={words} />
        {meter !== undefined && (
          <p role="status">
            {say('meter')} <b class="digits">{meter}</b>
          </p>
        )}
        <details>
          <summary>{say('rulesTitle')}</summary>
          <p>{say('rules')}</p>
        </details>
      </section>
      {giving.sale !== undefined && (
        <SaleTokens
          key={giving.sale.saleId}
          sale={giving.sale}
          title={say('issued')}
          commandWords={(command) => commandWords(command as Command, say)}
        />
      )}
      <WaitingList giving={giving} words={words} />
      <div class="cards">
        {meter !== undefined && may('meter.engineer') && (
          <CommandForm key={meter} meter={meter} giving={giving} words={words} />
        )}
        {meter !== undefined && may('freeIssue.make') && (
          <FreeIssueForm key={`free ${meter}`} meter={meter} giving={giving} words={words} />
        )}
        {meter !== undefined && may('replacement.make') && (
          <ReplacementForm
            key={`replace ${meter} ${giving.sale?.saleId}`}
            meter={meter}
            giving={giving}
            words={words}
          />
        )}
        {may('meter.engineer') && <TestTokenForm words={words} />}
      </div>
    </>
  );
}
