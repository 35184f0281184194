import { call } from '../../api.ts';
import { Deed, textOf, WrongInput } from '../deed.tsx';
import { ROLE_NAMES, type User } from './answers.ts';
import { isWaiting } from './parts.tsx';
import { type TextKey, useSay } from './speech.ts';

export const ROLES: Readonly<Record<(typeof ROLE_NAMES)[number], TextKey>> = {
  seller: 'roleSeller',
  supervisor: 'roleSupervisor',
  engineer: 'roleEngineer',
  tariffAdmin: 'roleTariffAdmin',
  keyCustodian: 'roleKeyCustodian',
  auditor: 'roleAuditor',
  administrator: 'roleAdministrator',
};

interface UserFormProps {
  /** undefined for a new one. */
  readonly user: User | undefined;
  readonly wordsOf: (error: unknown) => string;
  readonly onSaved: (user: User) => void;
}

export function UserForm({ user, wordsOf, onSaved }: UserFormProps) {
  const { say } = useSay();
  const save = async (fields: FormData) => {
    const roles = ROLE_NAMES.filter((role) => fields.get(role) === 'on');
    if (roles.length === 0) throw new WrongInput(say('rolesMissing'));
    const userId = user?.userId ?? textOf(fields, 'userId');
    const vendorId = textOf(fields, 'vendorId');
    const body = {
      name: textOf(fields, 'name'),
      roles,
      vendorId: vendorId === '' ? null : vendorId,
      isDisabled: fields.get('isDisabled') === 'on',
      version: user?.version ?? 0,
      reason: textOf(fields, 'reason'),
    };
    const answer = await call<User>('PUT', `/v1/users/${encodeURIComponent(userId)}`, body);
    if (isWaiting(answer)) return say('waitsForSecond');
    onSaved(answer);
    return say('userSaved');
  };
  return (
    <Deed action={say('save')} onDo={save} wordsOf={wordsOf} isKept>
      {user === undefined && (
        <label>
          {say('userId')}
          <input
            name="userId"
            required
            pattern="[A-Za-z0-9._\-]{1,64}"
            autocomplete="off"
            autocapitalize="off"
          />
        </label>
      )}
      <label>
        {say('userName')}
        <input name="name" required maxLength={100} autocomplete="off" defaultValue={user?.name ?? ''} />
      </label>
      <fieldset class="row wrap">
        <legend>{say('roles')}</legend>
        {ROLE_NAMES.map((role) => (
          <label key={role} class="choice">
            <input type="checkbox" name={role} defaultChecked={user?.roles.includes(role) ?? false} />
            {say(ROLES[role])}
          </label>
        ))}
      </fieldset>
      <label>
        {say('ofVendor')}
        <input
          name="vendorId"
          pattern="[A-Za-z0-9._\-]{1,64}"
          autocomplete="off"
          autocapitalize="off"
          defaultValue={user?.vendorId ?? ''}
        />
      </label>
      {user !== undefined && (
        <label class="choice">
          <input type="checkbox" name="isDisabled" defaultChecked={user.isDisabled} />
          {say('userOff')}
        </label>
      )}
      <label>
        {say('reason')}
        <input name="reason" required maxLength={200} autocomplete="off" />
      </label>
    </Deed>
  );
}
