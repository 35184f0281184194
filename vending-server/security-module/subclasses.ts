/** The kinds of token that the module issues, by class and subclass as a key's attributes name them (sts.md 2.2, 9.1). */
import type { CarriedToken } from './contract.ts';

const SUBCLASSES: Readonly<Record<Exclude<CarriedToken['kind'], 'currencyCredit'>, string>> = {
  creditElectricity: '0.0',
  creditWater: '0.1',
  creditGas: '0.2',
  creditTime: '0.3',
  setMaximumPowerLimit: '2.0',
  clearCredit: '2.1',
  setTariffRate: '2.2',
  keyChangeSection1: '2.3',
  keyChangeSection2: '2.4',
  clearTamper: '2.5',
  setMaximumPhasePowerUnbalanceLimit: '2.6',
  setWaterMeterFactor: '2.7',
  keyChangeSection3Of3: '2.8',
  keyChangeSection3Of4: '2.8',
  keyChangeSection4: '2.9',
  setFlag: '2.10',
  setControl: '2.10',
};
const CURRENCY_SUBCLASSES = { electricity: '0.4', water: '0.5', gas: '0.6', time: '0.7' } as const;

/** Every subclass that a key may be allowed. */
export const ISSUABLE_SUBCLASSES: readonly string[] = [
  ...new Set([...Object.values(SUBCLASSES), ...Object.values(CURRENCY_SUBCLASSES)]),
];

export const KEY_CHANGE_SUBCLASSES: readonly string[] = ['2.3', '2.4', '2.8', '2.9'];

/** What names a kind: currency by its resource. */
export interface TokenName {
  readonly kind: CarriedToken['kind'];
  readonly resource?: keyof typeof CURRENCY_SUBCLASSES;
}

export function subclassOf({ kind, resource }: TokenName): string {
  return kind === 'currencyCredit' ? CURRENCY_SUBCLASSES[resource ?? 'electricity'] : SUBCLASSES[kind];
}
