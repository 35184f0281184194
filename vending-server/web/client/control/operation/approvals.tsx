/** What waits for a second person, and what became of what was asked before. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { Deed, textOf, WrongInput } from '../deed.tsx';
import type { SectionProps } from '../sections.ts';
import { APPROVAL_STATES, type Approval, type ApprovalsPage } from './answers.ts';
import { ApprovalMatter, KIND_NAMES } from './approval-matter.tsx';
import { ListEnd, Moment, Who } from './parts.tsx';
import { type TextKey, useFaultWords, useSay } from './speech.ts';
import { usePages } from './use-page.ts';

const STATES: Readonly<Record<Approval['state'], TextKey>> = {
  pending: 'statePending',
  approved: 'stateApproved',
  executed: 'stateExecuted',
  rejected: 'stateRejected',
  expired: 'stateExpired',
};

const MARKS: Readonly<Partial<Record<Approval['state'], string>>> = {
  approved: 'good',
  executed: 'good',
  rejected: 'bad',
};

export function Approvals({ session, wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const [state, setState] = useState<Approval['state']>('pending');
  const [decided, setDecided] = useState<ReadonlyMap<string, Approval>>(new Map());
  const path = `/v1/approvals?limit=25&state=${state}`;
  const pages = usePages<ApprovalsPage, Approval>(path, 'before', ({ approvals }) => approvals, words);
  const decide = async (approvalId: string, fields: FormData) => {
    const approve = fields.get('decision') === 'approve';
    const note = textOf(fields, 'note');
    if (!approve && note === '') throw new WrongInput(say('refusalNeedsReason'));
    const to = `/v1/approvals/${approvalId}/decision`;
    const approval = await call<Approval>('POST', to, { approve, note });
    setDecided(new Map(decided).set(approvalId, approval));
    return '';
  };
  return (
    <>
      <label class="choice">
        {say('state')}
        <select onChange={(event) => setState(event.currentTarget.value as Approval['state'])}>
          {APPROVAL_STATES.map((each) => (
            <option key={each} value={each} selected={each === state}>
              {say(STATES[each])}
            </option>
          ))}
        </select>
      </label>
      {pages.rows?.map((row) => {
        const approval = decided.get(row.approvalId) ?? row;
        const isOwn = approval.requestedBy === `user:${session.userId}`;
        const canDecide = session.permissions.includes('approval.decide') && approval.state === 'pending';
        return (
          <section key={approval.approvalId} class="card" aria-labelledby={approval.approvalId}>
            <div class="row wrap">
              <h2 id={approval.approvalId} class="grow">
                {say(KIND_NAMES[approval.kind])}
              </h2>
              <span class={`mark ${MARKS[approval.state] ?? ''}`}>{say(STATES[approval.state])}</span>
            </div>
            <ApprovalMatter approval={approval} />
            <p>
              {say('reason')}: {approval.reason}
            </p>
            <p class="hint">
              {say('askedBy')} <Who principal={approval.requestedBy} /> · <Moment at={approval.requestedAt} />{' '}
              · {say('until')} <Moment at={approval.expiresAt} />
            </p>
            {approval.decidedBy !== null && approval.decidedAt !== null && (
              <p role="status">
                {say(approval.state === 'rejected' ? 'refusedBy' : 'approvedBy')}{' '}
                <Who principal={approval.decidedBy} /> · <Moment at={approval.decidedAt} />
                {approval.note !== '' && ` · ${approval.note}`}
              </p>
            )}
            {approval.state === 'approved' && <p class="notice">{say('approvedToUse')}</p>}
            {canDecide && isOwn && <p class="notice">{say('somebodyElse')}</p>}
            {canDecide && !isOwn && (
              <Decision wordsOf={words} onDecide={(fields) => decide(approval.approvalId, fields)} />
            )}
          </section>
        );
      })}
      <ListEnd pages={pages} empty={say('noApprovals')} />
    </>
  );
}

interface DecisionProps {
  readonly wordsOf: (error: unknown) => string;
  readonly onDecide: (fields: FormData) => Promise<string>;
}

function Decision({ wordsOf, onDecide }: DecisionProps) {
  const { say } = useSay();
  return (
    <Deed
      action={say('approve')}
      isMain
      onDo={onDecide}
      wordsOf={wordsOf}
      name={['decision', 'approve']}
      more={
        <button type="submit" name="decision" value="refuse">
          {say('refuse')}
        </button>
      }
    >
      <label>
        {say('noteToDecision')}
        <input name="note" autocomplete="off" maxLength={200} />
      </label>
    </Deed>
  );
}
