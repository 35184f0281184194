import { useState } from 'preact/hooks';
import { WrongInput } from '../../deed.tsx';
import { ActForm } from '../act-form.tsx';
import type { Giving } from '../giving.ts';
import {
  COMMAND_KINDS,
  COMMANDS_MOST,
  type Command,
  type CommandKind,
  commandOf,
  commandWords,
  fieldsOf,
  REASONS,
} from './commands.ts';
import { useSay } from './speech.ts';

interface CommandFormProps {
  readonly meter: string;
  readonly giving: Giving;
  readonly words: (error: unknown) => string;
}

/** Commands are put in a list first: a meter takes them in its order. */
export function CommandForm({ meter, giving, words }: CommandFormProps) {
  const { say } = useSay();
  const [kind, setKind] = useState<CommandKind>('clearTamper');
  const [commands, setCommands] = useState<readonly Command[]>([]);
  const issue = async ({
    reasonCode = '',
    reason = '',
  }: Readonly<Record<string, string>>): Promise<string> => {
    if (commands.length === 0) throw new WrongInput(say('noCommands'));
    const body = { requestId: crypto.randomUUID(), meter, tokens: commands, reasonCode, reason };
    const said = `${meter}: ${commands.map((command) => commandWords(command, say)).join(', ')}`;
    const isGiven = await giving.give('/v1/engineering-tokens', body, said);
    setCommands([]);
    return isGiven ? '' : say('waitsForSecond');
  };
  return (
    <section class="card" aria-labelledby="commands">
      <h2 id="commands">{say('commands')}</h2>
      <p class="hint">{say('commandsHint')}</p>
      <div class="field">
        <label for="command-kind">{say('command')}</label>
        <select
          id="command-kind"
          value={kind}
          aria-describedby="command-hint"
          onChange={(event) => setKind(event.currentTarget.value as CommandKind)}
        >
          {COMMAND_KINDS.map((each) => (
            <option key={each} value={each}>
              {say(each)}
            </option>
          ))}
        </select>
        <small id="command-hint">{say(`${kind}_hint`)}</small>
      </div>
      <ActForm
        key={kind}
        id="command"
        fields={fieldsOf(kind, say)}
        action={say('addCommand')}
        words={words}
        act={async (values) => {
          if (commands.length < COMMANDS_MOST) setCommands([...commands, commandOf(kind, values)]);
          return '';
        }}
      />
      <ol class="steps" aria-live="polite">
        {commands.map((command, index) => {
          const said = commandWords(command, say);
          return (
            <li key={`${index} ${said}`}>
              {said}{' '}
              <button
                type="button"
                class="small"
                aria-label={say('removeCommand', { command: said })}
                onClick={() => setCommands(commands.filter((_, place) => place !== index))}
              >
                ×
              </button>
            </li>
          );
        })}
      </ol>
      {commands.length === 0 ? (
        <p class="hint">{say('noCommands')}</p>
      ) : (
        <ActForm
          id="command-reason"
          isMain
          fields={[
            {
              name: 'reasonCode',
              label: say('reasonCode'),
              kind: 'select',
              options: REASONS.engineering.map((code) => [code, say(code)]),
              value: commands.some((command) => command.kind === 'clearTamper') ? 'tamper' : 'maintenance',
            },
            { name: 'reason', label: say('reason'), hint: say('reasonHint'), length: 200 },
          ]}
          action={say('issueCommands')}
          act={issue}
          words={words}
        />
      )}
    </section>
  );
}
