/** The door: three numbers from the receipt, or all of its QR code. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { NoAnswer, Refusal } from '../api.ts';
import { codeIn } from './code.ts';
import { useSay } from './speech.ts';
import type { TextKey } from './text-english.ts';

export type Shown =
  | { readonly code: string }
  | { readonly meter: string; readonly receiptNumber: string; readonly tokenStart: string };

interface ShowReceiptProps {
  /** What was said to the receipt before, if anything. */
  readonly refused: unknown;
  /** @throws Refusal, NoAnswer. */
  readonly onShow: (shown: Shown) => Promise<void>;
  readonly languages: ComponentChildren;
}

const WORDS: Readonly<Record<string, TextKey>> = {
  visit_refused: 'refused',
  visit_throttled: 'throttled',
  rate_limited: 'throttled',
  meter_number_malformed: 'numberWrong',
  meter_number_check_digit: 'numberWrong',
  receipt_forged: 'forged',
  receipt_key_unknown: 'unknownKey',
  receipt_not_current: 'notCurrent',
  visit_required: 'over',
};
const FORGED = ['receipt_forged', 'receipt_key_unknown'];

export function ShowReceipt({ refused: before, onShow, languages }: ShowReceiptProps) {
  const { say } = useSay();
  const [refused, setRefused] = useState<unknown>(before);
  const [busy, setBusy] = useState(false);
  const problem = useRef<HTMLDivElement>(null);
  useEffect(() => setRefused(before), [before]);
  const show = async (shown: Shown) => {
    setRefused(undefined);
    setBusy(true);
    try {
      await onShow(shown);
    } catch (error) {
      setRefused(error);
    }
    setBusy(false);
  };
  useEffect(() => {
    if (refused !== undefined) problem.current?.scrollIntoView({ block: 'nearest' });
  }, [refused]);
  const byNumbers = (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? '').replace(/\s+/g, '');
    void show({
      meter: text('meter'),
      receiptNumber: text('receiptNumber'),
      tokenStart: text('tokenStart').slice(0, 4),
    });
  };
  const byCode = (event: Event) => {
    event.preventDefault();
    const code = codeIn(String(new FormData(event.target as HTMLFormElement).get('code') ?? ''));
    if (code === undefined) setRefused('notACode' satisfies TextKey);
    else void show({ code });
  };
  return (
    <>
      <header class="bar">
        <h1 class="grow">{say('title')}</h1>
        {languages}
      </header>
      <main class="customer">
        <p class="lead">{say('intro')}</p>
        <div ref={problem} role="alert" class="answer">
          <Answer refused={refused} />
        </div>
        <div class="ways">
          <form class="card" onSubmit={byNumbers}>
            <h2>{say('byNumbers')}</h2>
            <Field name="meter" label={say('meterNumber')} mode="numeric" length={40} />
            <Field name="receiptNumber" label={say('receiptNumber')} hint={say('receiptHint')} length={24} />
            <Field
              name="tokenStart"
              label={say('tokenStart')}
              hint={say('tokenHint')}
              mode="numeric"
              length={24}
              pattern="[0-9 ]{4,24}"
            />
            <button type="submit" class="main" disabled={busy}>
              {say('check')}
            </button>
          </form>
          <form class="card" onSubmit={byCode}>
            <h2>{say('byCode')}</h2>
            <p class="hint">{say('codeHint')}</p>
            <label>
              {say('code')}
              <textarea name="code" rows={5} required autocomplete="off" spellcheck={false} />
            </label>
            <button type="submit" disabled={busy}>
              {say('checkCode')}
            </button>
          </form>
        </div>
        <p role="status" class="hint">
          {busy && say('checking')}
        </p>
      </main>
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly mode?: 'numeric' | 'text';
  readonly length: number;
  readonly pattern?: string;
}

function Field({ name, label, hint, mode = 'text', length, pattern }: FieldProps) {
  return (
    <label>
      {label}
      <input
        name={name}
        inputMode={mode}
        maxLength={length}
        required
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        {...(pattern === undefined ? {} : { pattern })}
        {...(hint === undefined ? {} : { 'aria-describedby': `${name}Hint` })}
      />
      {hint !== undefined && (
        <span class="hint" id={`${name}Hint`}>
          {hint}
        </span>
      )}
    </label>
  );
}

/** A forged receipt is said louder than a number that was typed wrongly. */
function Answer({ refused }: { readonly refused: unknown }) {
  const { say } = useSay();
  if (refused === undefined) return null;
  if (refused === 'notACode') return <p class="problem">{say('notACode')}</p>;
  if (refused instanceof NoAnswer) return <p class="problem">{say('noConnection')}</p>;
  if (!(refused instanceof Refusal))
    return <p class="problem">{say('failed', { reason: String(refused) })}</p>;
  if (FORGED.includes(refused.code)) {
    return (
      <div class="verdict forged">
        <span class="sign" aria-hidden="true">
          ✕
        </span>
        <div>
          <h2>{say('forgedTitle')}</h2>
          <p>{say(refused.code === 'receipt_forged' ? 'forged' : 'unknownKey')}</p>
        </div>
      </div>
    );
  }
  if (refused.code === 'request_malformed') return <p class="problem">{say('refused')}</p>;
  const words = WORDS[refused.code];
  if (refused.code === 'receipt_not_current') return <p class="notice">{say('notCurrent')}</p>;
  return <p class="problem">{words === undefined ? refused.message : say(words)}</p>;
}
