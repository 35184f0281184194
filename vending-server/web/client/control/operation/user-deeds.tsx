import { useState } from 'preact/hooks';
import { call, Refusal } from '../../api.ts';
import { Deed, textOf } from '../deed.tsx';
import type { Approval, ApprovalsPage, User } from './answers.ts';

import { useSay } from './speech.ts';

interface UserDeedsProps {
  readonly user: User;
  readonly wordsOf: (error: unknown) => string;
}

/** A setup code, which for one who has a password already takes two persons, and the end of all his sessions. */
export function UserDeeds({ user: { userId, hasPassword }, wordsOf }: UserDeedsProps) {
  const { say } = useSay();
  const [code, setCode] = useState('');
  const path = `/v1/users/${encodeURIComponent(userId)}`;
  const give = async (fields: FormData) => {
    setCode('');
    const requestId = crypto.randomUUID();
    const held = hasPassword ? await approvedReset(userId) : undefined;
    const approvalId = held === undefined ? {} : { approvalId: held.approvalId };
    try {
      const body = { requestId, ...approvalId };
      setCode((await call<{ setupCode: string }>('POST', `${path}/setup-code`, body)).setupCode);
      return '';
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'approval_required') throw error;
    }
    const asked = { kind: 'passwordReset', requestId, payload: { userId }, vendorId: null };
    await call('POST', '/v1/approvals', { ...asked, reason: textOf(fields, 'reason') });
    return say('waitsForSecond');
  };
  const end = async () => {
    await call('DELETE', `${path}/sessions`);
    return say('sessionsEnded');
  };
  return (
    <div class="cards">
      <Deed action={say(hasPassword ? 'newPassword' : 'setupCode')} onDo={give} wordsOf={wordsOf}>
        {hasPassword && (
          <label>
            {say('reason')}
            <input name="reason" required maxLength={200} autocomplete="off" />
          </label>
        )}
        {code !== '' && (
          <p role="status" class="notice">
            {say('setupCodeIs')} <b class="hash">{code}</b>
          </p>
        )}
      </Deed>
      <Deed action={say('endSessions')} onDo={end} wordsOf={wordsOf} />
    </div>
  );
}

/** A request for this user's new password that somebody else has approved, and nobody has taken up. */
async function approvedReset(userId: string): Promise<Approval | undefined> {
  const { approvals } = await call<ApprovalsPage>('GET', '/v1/approvals?state=approved&limit=200');
  return approvals.find(({ kind, payload }) => kind === 'passwordReset' && payload['userId'] === userId);
}
