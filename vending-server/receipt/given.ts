/** What a receipt says of what was given without money, and of commands for a meter, in words. */
import type { TextName } from '../language/catalogue.ts';
import type { GivenFacts, Purpose, ReceiptFacts, ReceiptToken } from './facts.ts';
import type { ReceiptElement, Speaker } from './layout.ts';

/** The utility's words for why; one that is not here, of a later version, is printed as it is. */
const REASONS: Readonly<Record<string, TextName>> = {
  faultyMeter: 'reasonFaultyMeter',
  outage: 'reasonOutage',
  correction: 'reasonCorrection',
  relief: 'reasonRelief',
  goodwill: 'reasonGoodwill',
  test: 'reasonTest',
  other: 'reasonOther',
  notDelivered: 'reasonNotDelivered',
  lost: 'reasonLost',
  unreadable: 'reasonUnreadable',
  refusedByMeter: 'reasonRefusedByMeter',
  faulty: 'reasonFaulty',
  tampered: 'reasonTampered',
  upgrade: 'reasonUpgrade',
  damaged: 'reasonDamaged',
  commissioning: 'reasonCommissioning',
  maintenance: 'reasonMaintenance',
  tamper: 'reasonTamper',
  faultFinding: 'reasonFaultFinding',
  customerRequest: 'reasonCustomerRequest',
};

export function reasonText(code: string, { text }: Speaker): string {
  const name = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return name === undefined ? code : text(name);
}

/** In the place of the lines of a payment. */
export function givenElements(
  { tokens }: Pick<ReceiptFacts, 'tokens'>,
  given: GivenFacts,
  speak: Speaker,
): readonly ReceiptElement[] {
  const { text } = speak;
  const { reasonCode, reason, approvedBy } = given;
  const said: readonly (string | null)[] = [
    whatWasGiven(given, speak),
    given.kind === 'transfer' && tokens.every(({ kind }) => kind !== 'credit') ? text('nothingToMove') : null,
    given.isAboveSold ? text('aboveSold') : null,
  ];
  return [
    { kind: 'heading', text: text('withoutCharge') },
    ...lines(said),
    ...pair(text('reason'), reasonCode === null ? null : reasonText(reasonCode, speak)),
    ...lines([reason]),
    ...pair(text('approvedBy'), approvedBy === null ? null : nameOf(approvedBy)),
  ];
}

/** Free issue says it by its token. */
function whatWasGiven({ kind, originalReceipt, oldMeter }: GivenFacts, { text }: Speaker): string | null {
  switch (kind) {
    case 'freeBasic':
      return text('freeBasicGiven');
    case 'freeIssue':
      return null;
    case 'replacement':
      return text('replacementGiven', { receipt: originalReceipt ?? '' });
    case 'transfer':
      return text('transferGiven', { meter: oldMeter ?? '' });
    case 'keyChange':
      return text('keyChangeGiven');
    case 'engineering':
      return text('engineeringGiven');
  }
}

/** `user:ben` is Ben to a customer. */
function nameOf(principal: string): string {
  return principal.replace(/^user:/, '');
}

type CommandToken = Extract<ReceiptToken, { kind: 'management' }>;

/** What a command does to the meter. */
export function commandText({ purpose, values }: CommandToken, speak: Speaker): string {
  const { text } = speak;
  switch (purpose) {
    case 'clearCredit':
      return text('clearCredit', { register: registerText(Number(values['registerCode']), speak) });
    case 'setFlag':
      return text(values['isSet'] === true ? 'setFlagOn' : 'setFlagOff', { flag: Number(values['flag']) });
    default:
      return text(PLAIN[purpose], values as Readonly<Record<string, number>>);
  }
}

const PLAIN = {
  setMaximumPowerLimit: 'setMaximumPowerLimit',
  setTariffRate: 'setTariffRate',
  clearTamper: 'clearTamper',
  setMaximumPhasePowerUnbalanceLimit: 'setMaximumPhasePowerUnbalanceLimit',
  setWaterMeterFactor: 'setWaterMeterFactor',
  setControl: 'setControl',
} as const satisfies Record<Exclude<Purpose, 'clearCredit' | 'setFlag'>, TextName>;

const REGISTERS = ['registerElectricity', 'registerWater', 'registerGas', 'registerTime'] as const;

/** 0-3 electricity, water, gas, time; 4-7 the same in currency; FFFF all. */
function registerText(code: number, { text }: Speaker): string {
  const name = REGISTERS[code % REGISTERS.length];
  if (code >= 2 * REGISTERS.length || name === undefined) return text('registerAll');
  return code < REGISTERS.length ? text(name) : text('registerAsMoney', { register: text(name) });
}

function lines(said: readonly (string | null)[]): readonly ReceiptElement[] {
  return said.flatMap((line) =>
    line === null || line === '' ? [] : [{ kind: 'line', text: line } as const],
  );
}

function pair(label: string, value: string | null): readonly ReceiptElement[] {
  return value === null ? [] : [{ kind: 'pair', label, value }];
}
