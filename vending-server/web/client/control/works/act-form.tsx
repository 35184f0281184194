/** A form that does one thing: fields, a button, what was wrong and what was done. */
import type { ComponentChildren } from 'preact';
import { Deed, textOf } from '../deed.tsx';
import { useWorks } from './speech.ts';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind?: 'text' | 'whole' | 'money' | 'select' | 'check' | 'moment' | undefined;
  readonly options?: readonly (readonly [value: string, label: string])[] | undefined;
  readonly value?: string | undefined;
  readonly hint?: string | undefined;
  /** Fields are needed unless this is set; a box never is. */
  readonly isOptional?: boolean | undefined;
  readonly least?: number | undefined;
  readonly most?: number | undefined;
  /** Characters. */
  readonly length?: number | undefined;
}

/** What was typed; a box that is ticked says 'on'. */
export type Values = Readonly<Record<string, string>>;

interface ActFormProps {
  /** Of the ids of fields: two forms of a page differ in it. */
  readonly id: string;
  readonly fields: readonly Field[];
  readonly action: string;
  /** @returns what was done, in words; '' where something else shows it. */
  readonly act: (values: Values) => Promise<string>;
  readonly words: (error: unknown) => string;
  /** The main thing to do of its card. */
  readonly isMain?: boolean;
  readonly children?: ComponentChildren;
}

export function ActForm({ id, fields, action, act, words, isMain = false, children }: ActFormProps) {
  const valuesOf = (typed: FormData): Values =>
    Object.fromEntries(fields.map(({ name }) => [name, textOf(typed, name)]));
  return (
    <Deed
      class="act"
      action={action}
      isMain={isMain}
      onDo={(typed) => act(valuesOf(typed))}
      wordsOf={words}
      isKept
    >
      <div class="fields">
        {fields.map((field) => (
          <FormField key={field.name} id={`${id}-${field.name}`} field={field} />
        ))}
      </div>
      {children}
    </Deed>
  );
}

function FormField({ id, field }: { readonly id: string; readonly field: Field }) {
  const { name, label, kind = 'text', options = [], value, hint, isOptional = false } = field;
  const { say } = useWorks();
  const shared = {
    id,
    name,
    required: !isOptional,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
  };
  if (kind === 'check') {
    return (
      <label class="tick">
        <input id={id} name={name} type="checkbox" defaultChecked={value === 'on'} />
        {label}
      </label>
    );
  }
  return (
    <div class="field">
      <label for={id}>
        {label} {isOptional && <small>({say('optional')})</small>}
      </label>
      {kind === 'select' ? (
        <select {...shared} defaultValue={value}>
          {options.map(([option, text]) => (
            <option key={option} value={option} selected={option === value}>
              {text}
            </option>
          ))}
        </select>
      ) : (
        <TypedInput field={field} shared={shared} />
      )}
      {hint !== undefined && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

interface TypedInputProps {
  readonly field: Field;
  readonly shared: { readonly id: string; readonly name: string; readonly required: boolean };
}

function TypedInput({ field, shared }: TypedInputProps) {
  const { kind = 'text', value, least, most, length } = field;
  const common = { ...shared, autocomplete: 'off', defaultValue: value } as const;
  switch (kind) {
    case 'whole':
      return <input {...common} type="number" min={least} max={most} step={1} />;
    case 'moment':
      return <input {...common} type="datetime-local" />;
    case 'money':
      return <input {...common} type="text" inputMode="decimal" maxLength={length} />;
    case 'text':
    case 'select':
    case 'check':
      return <input {...common} type="text" maxLength={length} />;
  }
}
