/** Who may sign in, and as what: users with their roles, setup codes for first and new passwords, the end of sessions. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import type { SectionProps } from '../sections.ts';
import type { User, UsersPage } from './answers.ts';
import { ListEnd, Table } from './parts.tsx';
import { useFaultWords, useSay } from './speech.ts';
import { usePages } from './use-page.ts';
import { UserDeeds } from './user-deeds.tsx';
import { ROLES, UserForm } from './user-form.tsx';

export function People({ session, wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const [chosen, setChosen] = useState<User | 'new' | undefined>(undefined);
  const pages = usePages<UsersPage, User>('/v1/users?limit=100', 'after', ({ users }) => users, words);
  const canChange = session.permissions.includes('user.put');
  const choose = async (userId: string) => setChosen(await call<User>('GET', `/v1/users/${userId}`));
  return (
    <>
      {canChange && chosen !== undefined && (
        <section class="card" aria-labelledby="user">
          <div class="row wrap">
            <h2 id="user" class="grow">
              {chosen === 'new' ? say('newUser') : chosen.userId}
            </h2>
            <button type="button" onClick={() => setChosen(undefined)}>
              {say('leave')}
            </button>
          </div>
          <UserForm
            key={chosen === 'new' ? '' : `${chosen.userId} ${chosen.version}`}
            user={chosen === 'new' ? undefined : chosen}
            wordsOf={words}
            onSaved={(user) => {
              setChosen(user);
              pages.lookAgain();
            }}
          />
          {chosen !== 'new' && <UserDeeds key={chosen.userId} user={chosen} wordsOf={words} />}
        </section>
      )}
      <section class="card" aria-label={say('people')}>
        {canChange && (
          <p>
            <button type="button" onClick={() => setChosen('new')}>
              {say('newUser')}
            </button>
          </p>
        )}
        <Table
          caption={say('people')}
          heads={[
            say('userId'),
            say('userName'),
            say('roles'),
            say('vendor'),
            say('state'),
            ...(canChange ? [say('act')] : []),
          ]}
        >
          {pages.rows?.map((user) => (
            <tr key={user.userId}>
              <th scope="row">{user.userId}</th>
              <td>{user.name}</td>
              <td>{user.roles.map((role) => say(ROLES[role])).join(', ')}</td>
              <td>{user.vendorId ?? say('utility')}</td>
              <td>
                <span class={user.isDisabled ? 'mark bad' : 'mark good'}>
                  {say(user.isDisabled ? 'userOff' : user.hasPassword ? 'userOn' : 'userWaits')}
                </span>
              </td>
              {canChange && (
                <td>
                  <button type="button" onClick={() => void choose(user.userId)}>
                    {say('change')} <span class="unseen">{user.userId}</span>
                  </button>
                </td>
              )}
            </tr>
          ))}
        </Table>
        <ListEnd pages={pages} empty={say('nothingFound')} />
      </section>
    </>
  );
}
