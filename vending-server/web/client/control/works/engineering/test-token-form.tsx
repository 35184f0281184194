import { useState } from 'preact/hooks';
import { call } from '../../../api.ts';
import { ActForm, type Field, type Values } from '../act-form.tsx';
import { useSay } from './speech.ts';
import type { TextKey } from './text-english.ts';

const KINDS = ['initiateTest', 'extendedRead', 'proprietaryTest'] as const;
type Kind = (typeof KINDS)[number];

interface TestToken {
  readonly tokenNoGrouped: string;
  readonly tests: readonly { readonly test: number }[];
}

/** The last test that has a name, and the last of each form. */
const LAST_NAMED = 18;
const LAST_TEST = { '2': 36, '4': 28 } as const;

export function TestTokenForm({ words }: { readonly words: (error: unknown) => string }) {
  const { say } = useSay();
  const [kind, setKind] = useState<Kind>('initiateTest');
  const [digits, setDigits] = useState<'2' | '4'>('2');
  const [made, setMade] = useState<TestToken | undefined>(undefined);
  const nameOf = (test: number) => (test <= LAST_NAMED ? say(`test${test}` as TextKey) : say('makersTest'));
  const testName = (number: number) => say('testNumber', { number, name: nameOf(number) });
  const maker: Field = {
    name: 'manufacturerCode',
    label: say('manufacturerCode'),
    kind: 'whole',
    least: 0,
    most: digits === '2' ? 99 : 9999,
    value: '0',
    hint: say('manufacturerCodeHint'),
  };
  const fields: Readonly<Record<Kind, readonly Field[]>> = {
    initiateTest: [
      {
        name: 'test',
        label: say('testNo'),
        kind: 'select',
        options: Array.from({ length: LAST_TEST[digits] + 1 }, (_, test) => [String(test), testName(test)]),
      },
      maker,
    ],
    extendedRead: [{ name: 'index', label: say('index'), kind: 'whole', least: 0, most: 63, value: '0' }],
    proprietaryTest: [
      {
        name: 'subclass',
        label: say('subclass'),
        kind: 'whole',
        least: 6,
        most: 15,
        value: '6',
        hint: say('subclassHint'),
      },
      { name: 'control', label: say('control'), kind: 'whole', least: 0, most: 2 ** 36 - 1, value: '0' },
      { ...maker, most: 9999, hint: undefined },
    ],
  };
  const make = async (values: Values): Promise<string> => {
    const numbers = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));
    const form = kind === 'initiateTest' ? { manufacturerDigits: Number(digits) } : {};
    setMade(undefined);
    setMade(await call<TestToken>('POST', '/v1/test-tokens', { kind, ...form, ...numbers }));
    return '';
  };
  return (
    <section class="card" aria-labelledby="tests">
      <h2 id="tests">{say('tests')}</h2>
      <p class="hint">{say('testsHint')}</p>
      <div class="fields">
        <label>
          {say('testKind')}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {say(each)}
              </option>
            ))}
          </select>
        </label>
        {kind === 'initiateTest' && (
          <label>
            {say('digitsOfMaker')}
            <select value={digits} onChange={(event) => setDigits(event.currentTarget.value as '2' | '4')}>
              <option value="2">{say('digits2')}</option>
              <option value="4">{say('digits4')}</option>
            </select>
          </label>
        )}
      </div>
      <ActForm
        key={`${kind} ${digits}`}
        id="test"
        fields={fields[kind]}
        action={say('makeTest')}
        act={make}
        words={words}
      />
      <div role="status" class="tokens">
        {made !== undefined && (
          <>
            <p>{made.tests.map(({ test }) => testName(test)).join(', ') || say('testMade')}</p>
            <p class="token">{made.tokenNoGrouped}</p>
          </>
        )}
      </div>
    </section>
  );
}
