import { call, Refusal } from '../../../api.ts';
import { ActForm, type Values } from '../act-form.tsx';
import { Fact } from '../fact.tsx';
import { useAnswer } from '../use-answer.ts';
import type { MeterCardProps } from './card-props.ts';
import { useSay } from './speech.ts';

interface Customer {
  readonly name: string | null;
  readonly addressLines: readonly string[];
  readonly account: string | null;
  readonly locationReference: string | null;
  readonly reference: string | null;
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: string | null;
  readonly notify: boolean;
}

const WORDS = ['name', 'account', 'locationReference', 'reference', 'phone', 'email'] as const;

export function CustomerCard({ meter, may, words }: MeterCardProps) {
  const { say } = useSay();
  const path = `/v1/meters/${meter.drn}/customer`;
  const isNobody = (error: unknown) => error instanceof Refusal && error.code === 'customer_unknown';
  const {
    answer: customer,
    problem,
    again,
  } = useAnswer<Customer>(path, (error) => (isNobody(error) ? say('noCustomer') : words(error)));
  const put = async ({ addressLines = '', notify, ...typed }: Values): Promise<string> => {
    const given = Object.fromEntries(Object.entries(typed).filter(([, text]) => text !== ''));
    const lines = addressLines.split(';').map((line) => line.trim());
    await call('PUT', path, {
      ...given,
      ...(customer?.language == null ? {} : { language: customer.language }),
      addressLines: lines.filter((line) => line !== ''),
      notify: notify === 'on',
    });
    again();
    return say('changed');
  };
  return (
    <section class="card" aria-labelledby="customer">
      <h2 id="customer">{say('customer')}</h2>
      {customer === undefined ? (
        <p>{problem}</p>
      ) : (
        <>
          <p class="name">{customer.name ?? say('unknown')}</p>
          <p>{customer.addressLines.join(', ')}</p>
          <dl>
            {WORDS.filter((name) => name !== 'name' && customer[name] !== null).map((name) => (
              <Fact key={name} name={say(name)}>
                {customer[name]}
              </Fact>
            ))}
            <Fact name={say('notify')}>{say(customer.notify ? 'yes' : 'no')}</Fact>
          </dl>
        </>
      )}
      {may('customer.put') && (
        <details>
          <summary>{say('editCustomer')}</summary>
          <ActForm
            key={JSON.stringify(customer)}
            id="customer"
            fields={[
              ...WORDS.map((name) => ({
                name,
                label: say(name),
                value: customer?.[name] ?? '',
                isOptional: true,
                length: 200,
                hint: name === 'phone' ? say('phoneHint') : undefined,
              })),
              {
                name: 'addressLines',
                label: say('address'),
                value: customer?.addressLines.join('; ') ?? '',
                isOptional: true,
              },
              { name: 'notify', label: say('notify'), kind: 'check', value: customer?.notify ? 'on' : '' },
            ]}
            action={say('save')}
            act={put}
            words={words}
          />
        </details>
      )}
    </section>
  );
}
