/** The communications module: plugged, pulled, swapped, and a token through it. */
import { useState } from 'preact/hooks';
import type { LinkMessage } from '../../../../lib/link/messages.ts';
import { RESULT_CODES } from '../../../../lib/meter/outcome.ts';
import { TAMPER_KINDS } from '../../../firmware/tamper.ts';
import type { CardProps } from '../act.ts';
import { useSay } from '../speech.ts';
import { MODULES } from '../things.ts';
import { kwhText } from '../words.ts';

const OUTBOX_SHOWN = 4;

const shortId = (id: string): string => id.slice(-2).toUpperCase();

export function ModuleCard({ state, act }: CardProps) {
  const { say } = useSay();
  const { module } = state;
  return (
    <section class="card" aria-labelledby="module">
      <h2 id="module">{say('module')}</h2>
      <p role="status">
        {module === null
          ? say('moduleNone')
          : say(module.isLinked ? 'moduleLinked' : 'moduleStarting', { id: shortId(module.id) })}
      </p>
      <div class="small-buttons">
        {MODULES.map((moduleId) => (
          <button
            key={moduleId}
            type="button"
            disabled={module !== null}
            onClick={() => act({ do: 'plug', moduleId })}
          >
            {say('plug', { id: shortId(moduleId) })}
          </button>
        ))}
        <button type="button" disabled={module === null} onClick={() => act({ do: 'unplug' })}>
          {say('unplug')}
        </button>
      </div>
      <TokenByModule act={act} isPlugged={module !== null} />
      <Outbox messages={module?.outbox ?? []} />
    </section>
  );
}

/** 16 hex digits that were never used before: a second time under the same is the same command. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

function TokenByModule({ act, isPlugged }: { readonly act: CardProps['act']; readonly isPlugged: boolean }) {
  const { say } = useSay();
  const [problem, setProblem] = useState('');
  const send = (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const tokenNo = String(new FormData(form).get('token') ?? '').replace(/[\s-]/g, '');
    const isToken = /^[0-9]{20}$/.test(tokenNo);
    setProblem(isToken ? '' : say('tokenDigits'));
    if (!isToken) return;
    act({ do: 'module-token', key: newKey(), tokenNo });
    form.reset();
  };
  return (
    <form onSubmit={send}>
      <label>
        {say('moduleToken')}
        <span class="row">
          <input name="token" inputMode="numeric" autocomplete="off" maxLength={26} class="digits" />
          <button type="submit" disabled={!isPlugged}>
            {say('send')}
          </button>
        </span>
      </label>
      <p class="problem" role="alert">
        {problem}
      </p>
    </form>
  );
}

function Outbox({ messages }: { readonly messages: readonly LinkMessage[] }) {
  const { say, locale } = useSay();
  const wordsOf = (message: LinkMessage): string => {
    switch (message.kind) {
      case 'answer': {
        const result = Object.entries(RESULT_CODES).find(([, code]) => code === message.code)?.[0] ?? '?';
        return say('said-answer', { result, balance: kwhText(message.balanceMilliWh, locale) });
      }
      case 'reading': {
        const balance = kwhText(message.balanceMilliWh, locale);
        return say('said-reading', { total: kwhText(message.totalMilliWh, locale), balance });
      }
      case 'event': {
        const kind = TAMPER_KINDS[message.code - 1];
        const event = kind === undefined ? String(message.code) : say(`tamper-${kind}`);
        return `${say('said-event', { event })}, ${say(message.isStart ? 'begins' : 'ends')}`;
      }
      default:
        return say(`said-${message.kind}`);
    }
  };
  const shown = messages.slice(-OUTBOX_SHOWN).reverse();
  return (
    <div>
      <h3>{say('outbox')}</h3>
      <ul class="outbox digits">
        {shown.length === 0 && <li>{say('outboxEmpty')}</li>}
        {shown.map((message, place) => (
          <li key={place}>{wordsOf(message)}</li>
        ))}
      </ul>
    </div>
  );
}
