/** The commands that a meter takes by tokens, with the fields that each asks for (the server's OpenAPI document has the same). */
import type { Field, Values } from '../act-form.tsx';
import type { TextKey } from './text-english.ts';

export const COMMAND_KINDS = [
  'clearTamper',
  'setMaximumPowerLimit',
  'clearCredit',
  'setTariffRate',
  'setMaximumPhasePowerUnbalanceLimit',
  'setWaterMeterFactor',
  'setFlag',
  'setControl',
] as const satisfies readonly TextKey[];

export type CommandKind = (typeof COMMAND_KINDS)[number];
export type Command = { readonly kind: CommandKind } & Readonly<Record<string, string | number | boolean>>;

type Say = (key: TextKey) => string;

export const REGISTERS = ['65535', '0', '1', '2', '3', '4', '5', '6', '7'] as const;
/** Most tokens of one request. */
export const COMMANDS_MOST = 16;

export const REASONS = {
  engineering: ['commissioning', 'maintenance', 'tamper', 'faultFinding', 'customerRequest', 'other'],
  freeIssue: ['faultyMeter', 'outage', 'correction', 'relief', 'goodwill', 'test', 'other'],
  replacement: ['notDelivered', 'lost', 'unreadable', 'refusedByMeter', 'other'],
} as const satisfies Readonly<Record<string, readonly TextKey[]>>;

export function fieldsOf(kind: CommandKind, say: Say): readonly Field[] {
  const whole = (name: TextKey, most: number, value = '0'): Field => {
    return { name, label: say(name), kind: 'whole', least: 0, most, value };
  };
  switch (kind) {
    case 'clearTamper':
      return [];
    case 'setMaximumPowerLimit':
    case 'setMaximumPhasePowerUnbalanceLimit':
      return [whole('limitWatt', 100_000_000, '')];
    case 'clearCredit':
      return [
        {
          name: 'registerCode',
          label: say('register'),
          kind: 'select',
          options: REGISTERS.map((code) => [code, say(`register${code}`)]),
        },
      ];
    case 'setTariffRate':
      return [whole('rateRaw', 65_535)];
    case 'setWaterMeterFactor':
      return [whole('factorRaw', 65_535)];
    case 'setFlag':
      return [whole('flag', 511), { name: 'isSet', label: say('isSet'), kind: 'check', value: 'on' }];
    case 'setControl':
      return [whole('index', 62), whole('valueRaw', 1_023)];
  }
}

export function commandOf(kind: CommandKind, values: Values): Command {
  const given = Object.entries(values).map(([name, text]): [string, number | boolean] => {
    return [name, name === 'isSet' ? text === 'on' : Number(text)];
  });
  return { kind, ...Object.fromEntries(given) };
}

/** A command with what it carries, on one line. */
export function commandWords(command: Command, say: Say): string {
  const { kind, ...fields } = command;
  const said = Object.entries(fields).map(([name, value]) => {
    if (name === 'registerCode') return say(`register${value}` as TextKey);
    if (name === 'limitWatt') return `${value} W`;
    return name === 'isSet' ? (value === true ? '1' : '0') : String(value);
  });
  return said.length === 0 ? say(kind) : `${say(kind)}: ${said.join(' → ')}`;
}
