/** What each accepted token does to the plain state (sts.md 8.4); a refusal where its value cannot be carried out. */
import { isRegisterCode } from '../token/block-fields.ts';
import type { CreditToken, CurrencyToken, ManagementToken, Resource } from '../token/kinds.ts';
import type { MeterConfiguration } from './configuration.ts';
import type { TokenEffect } from './outcome.ts';
import type { CurrencyRegisters, MeterExtension, MeterState } from './state.ts';

/** 0.1 kWh in the unit of the credit register. */
export const MILLI_WH_PER_DECI_KWH = 100_000;
const LITRE_PER_DECI_CUBIC_METRE = 100;

/** The state with the token carried out, its TID not yet remembered; or the result that refuses its value. */
export type Applied =
  | { readonly effect: TokenEffect; readonly state: MeterState }
  | { readonly refusal: 'OverflowError' | 'RangeError' | 'FormatError' | 'FunctionError' };

/**
 * Carries a token out on a copy of the state; validation, the TID memory and the lockout are the caller's.
 * @returns a refusal where the value is out of range, its register is missing, or the register would overflow: OverflowError,
 *   RangeError, FormatError or FunctionError as the configuration has it. Nothing is ever carried out in part.
 */
export function applyToken(
  state: MeterState,
  token: CreditToken | CurrencyToken | ManagementToken,
  configuration: MeterConfiguration,
): Applied {
  const { extension } = state;
  const set = (change: Partial<MeterExtension>): Applied => ({
    effect: { kind: 'settingChanged' },
    state: { ...state, extension: { ...extension, ...change } },
  });
  switch (token.kind) {
    case 'creditElectricity':
    case 'creditWater':
    case 'creditGas':
    case 'creditTime':
      return credit(state, token, configuration);
    case 'currencyCredit':
      return creditCurrency(state, token, configuration);
    case 'clearCredit':
      return clearCredit(state, token.registerCode, configuration);
    case 'clearTamper':
      return {
        effect: { kind: 'tamperCleared' },
        state: { ...state, extension: { ...extension, isTampered: false } },
      };
    case 'setMaximumPowerLimit':
      return set({ maximumPowerWatt: token.limitWatt });
    case 'setMaximumPhasePowerUnbalanceLimit':
      return set({ maximumPhaseUnbalanceWatt: token.limitWatt });
    case 'setTariffRate':
      return set({ tariffRateRaw: token.rateRaw });
    case 'setWaterMeterFactor':
      return set({ waterFactorRaw: token.factorRaw });
    case 'setFlag': {
      const others = extension.flags.filter((flag) => flag !== token.flag);
      return set({ flags: token.isSet ? [...others, token.flag].sort((a, b) => a - b) : others });
    }
    case 'setControl': {
      const { controlIndices } = configuration;
      if (controlIndices !== 'all' && !controlIndices.includes(token.index))
        return { refusal: 'FunctionError' };
      const others = extension.controls.filter(([index]) => index !== token.index);
      return set({ controls: [...others, [token.index, token.valueRaw] as const].sort(([a], [b]) => a - b) });
    }
  }
}

function credit(state: MeterState, token: CreditToken, configuration: MeterConfiguration): Applied {
  const { extension } = state;
  const limit = configuration.otherRegisterLimit;
  const overflow = { refusal: 'OverflowError' } as const;
  switch (token.kind) {
    case 'creditElectricity': {
      if (!configuration.resources.includes('electricity')) return { refusal: 'FunctionError' };
      const creditMilliWh = state.creditMilliWh + token.amountDeciKwh * MILLI_WH_PER_DECI_KWH;
      if (creditMilliWh > configuration.creditLimitMilliWh) return overflow;
      return { effect: credited('electricity', token.amountDeciKwh), state: { ...state, creditMilliWh } };
    }
    case 'creditWater': {
      if (!configuration.resources.includes('water')) return { refusal: 'FunctionError' };
      const waterLitre = extension.waterLitre + token.amountDeciCubicMetre * LITRE_PER_DECI_CUBIC_METRE;
      if (waterLitre > limit) return overflow;
      const effect = credited('water', token.amountDeciCubicMetre);
      return { effect, state: { ...state, extension: { ...extension, waterLitre } } };
    }
    case 'creditGas': {
      if (!configuration.resources.includes('gas')) return { refusal: 'FunctionError' };
      const gasLitre = extension.gasLitre + token.amountDeciCubicMetre * configuration.gasUnitLitre;
      if (gasLitre > limit) return overflow;
      const effect = credited('gas', token.amountDeciCubicMetre);
      return { effect, state: { ...state, extension: { ...extension, gasLitre } } };
    }
    case 'creditTime': {
      if (!configuration.resources.includes('time')) return { refusal: 'FunctionError' };
      const timeSecond = extension.timeSecond + token.amountDeciMinute * configuration.timeUnitSecond;
      if (timeSecond > limit) return overflow;
      const effect = credited('time', token.amountDeciMinute);
      return { effect, state: { ...state, extension: { ...extension, timeSecond } } };
    }
  }
}

function credited(resource: Resource, units: number): TokenEffect {
  return { kind: 'credited', resource, units };
}

/** A debt is money below zero; whether a balance may follow it there is open question B9. */
function creditCurrency(state: MeterState, token: CurrencyToken, configuration: MeterConfiguration): Applied {
  const { resource, amountHundredThousandth } = token;
  const { resources, otherRegisterLimit, negativeCurrencyBalance } = configuration;
  if (!resources.includes(resource)) return { refusal: 'FunctionError' };
  const registers = state.extension.currencyHundredThousandth;
  const sum = BigInt(registers[resource]) + amountHundredThousandth;
  const limit = BigInt(otherRegisterLimit);
  const least = negativeCurrencyBalance ? -limit : 0n;
  if (sum > limit || sum < least) return { refusal: 'OverflowError' };
  const currencyHundredThousandth = { ...registers, [resource]: Number(sum) };
  return {
    effect: { kind: 'currencyCredited', resource, hundredThousandth: Number(amountHundredThousandth) },
    state: { ...state, extension: { ...state.extension, currencyHundredThousandth } },
  };
}

const RESOURCE_OF_CODE: readonly Resource[] = ['electricity', 'water', 'gas', 'time'];
const ALL_REGISTERS = 0xffff;

function clearCredit(state: MeterState, registerCode: number, configuration: MeterConfiguration): Applied {
  const resource = RESOURCE_OF_CODE[registerCode % 4] ?? 'electricity';
  const isAll = registerCode === ALL_REGISTERS;
  if (!isRegisterCode(registerCode) || (!isAll && !configuration.resources.includes(resource))) {
    return { refusal: configuration.unknownRegisterAnswer };
  }
  const clears = (code: number) => isAll || registerCode === code;
  const { extension } = state;
  const money = extension.currencyHundredThousandth;
  const currencyHundredThousandth: CurrencyRegisters = {
    electricity: clears(4) ? 0 : money.electricity,
    water: clears(5) ? 0 : money.water,
    gas: clears(6) ? 0 : money.gas,
    time: clears(7) ? 0 : money.time,
  };
  return {
    effect: { kind: 'creditCleared', registerCode },
    state: {
      ...state,
      creditMilliWh: clears(0) ? 0 : state.creditMilliWh,
      extension: {
        ...extension,
        waterLitre: clears(1) ? 0 : extension.waterLitre,
        gasLitre: clears(2) ? 0 : extension.gasLitre,
        timeSecond: clears(3) ? 0 : extension.timeSecond,
        currencyHundredThousandth,
      },
    },
  };
}
