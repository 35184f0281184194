/** Cases for requests: every kind of token from what is asked for, and requests that no engine should meet. */
import { BigNumber } from 'bignumber.js';
import { type Case, refusalCodes } from './expectations.ts';
import { clauseOfValue, TEST_KEY, tokenChecks } from './suite-tokens.ts';
import { type GroupedTest, type TokenRequestTest, testsOf } from './vector-files.ts';

type Request = TokenRequestTest['request'];

const UNITS = {
  electricity: 'amountDeciKwh',
  water: 'amountDeciCubicMetre',
  gas: 'amountDeciCubicMetre',
  time: 'amountDeciMinute',
} as const;
const RESOURCES = Object.keys(UNITS) as (keyof typeof UNITS)[];
const CREDITS = ['creditElectricity', 'creditWater', 'creditGas', 'creditTime'];
const RAW = { setTariffRate: ['rateRaw', 2], setWaterMeterFactor: ['factorRaw', 7] } as const;
const LIMITS = { setMaximumPowerLimit: 0, setMaximumPhasePowerUnbalanceLimit: 6 } as const;

export function requestCases(): Case[] {
  return testsOf<TokenRequestTest>('token-request').flatMap((grouped) => {
    const fields = fieldsOf(grouped.test.request);
    return fields === undefined ? [] : [requestCase(grouped, fields)];
  });
}

function requestCase(
  { file, trust, test, clause: ofGroup }: GroupedTest<TokenRequestTest>,
  fields: Fields,
): Case {
  const { block, token66, tokenNo, tokenClass } = test;
  const isMade = block !== undefined && token66 !== undefined && tokenNo !== undefined;
  const clause = isMade ? clauseOfValue(fields.class, fields.subclass) : ofGroup;
  const key = test.decoderKey === undefined ? TEST_KEY : { decoderKey: test.decoderKey };
  return {
    id: `${file}/${test.tcId}/encode`,
    file,
    title: test.comment,
    clause,
    trust,
    steps: [
      {
        op: 'encode',
        fields: () => ({ ...key, encryptionAlgorithm: test.encryptionAlgorithm, ...fields }),
        expect: isMade
          ? tokenChecks({ block, token66, tokenNo }, tokenClass ?? 0, test.encryptionAlgorithm)
          : { clause, codes: refusalCodes(test) },
      },
    ],
  };
}

interface Fields extends Record<string, unknown> {
  readonly class: number;
  readonly subclass: number;
}

/** A request in the words of the protocol; undefined for what the protocol cannot say, or asks in `keyChange`. */
function fieldsOf(request: Request): Fields | undefined {
  const { kind, tidMinutes, rnd } = request;
  const issue = { tidMinutes, rnd };
  const credit = CREDITS.indexOf(kind);
  if (credit >= 0) {
    const units = request[UNITS[RESOURCES[credit] ?? 'electricity']];
    // Decimal text may be finer than the unit: an engine rounds it up and refuses nothing.
    if (!Number.isInteger(units)) return undefined;
    return { class: 0, subclass: credit, ...issue, amount: scaled(units, -1) };
  }
  if (kind === 'currencyCredit') {
    const subclass = 4 + RESOURCES.indexOf(request['resource'] as (typeof RESOURCES)[number]);
    if (subclass < 4) return undefined;
    return { class: 0, subclass, tidMinutes, amount: scaled(request['amountHundredThousandth'], -5) };
  }
  if (kind in LIMITS) {
    return { class: 2, subclass: LIMITS[kind as keyof typeof LIMITS], ...issue, watts: request['limitWatt'] };
  }
  if (kind in RAW) {
    const [name, subclass] = RAW[kind as keyof typeof RAW];
    return { class: 2, subclass, ...issue, value: request[name] };
  }
  if (kind === 'clearCredit') return { class: 2, subclass: 1, ...issue, register: request['registerCode'] };
  if (kind === 'clearTamper') return { class: 2, subclass: 5, ...issue, value: 0 };
  return extendedFields(request) ?? displayFields(request);
}

/** Index and data share 16 bits: what does not fit would be another index. */
function extendedFields(request: Request): Fields | undefined {
  const { kind, tidMinutes, rnd, flag, isSet, index, valueRaw } = request;
  const whole = { class: 2, subclass: 10, tidMinutes, rnd };
  if (kind === 'setFlag' && isBits(flag, 9) && typeof isSet === 'boolean')
    return { ...whole, value: 0xfc00 + 2 * flag + (isSet ? 1 : 0) };
  if (kind === 'setControl' && isBits(index, 6) && isBits(valueRaw, 10) && index < 63)
    return { ...whole, value: 1024 * index + valueRaw };
  return undefined;
}

function isBits(value: unknown, bits: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** bits;
}

/** `control` is text of hex digits there: only a number of at most nine of them can be asked for. */
function displayFields(request: Request): Fields | undefined {
  const { kind, control, manufacturerCode, manufacturerDigits, subclass, index } = request;
  if (kind === 'extendedRead' && isBits(index, 6))
    return { class: 1, subclass: 2, control: (index * 2 ** 30).toString(16).padStart(9, '0') };
  if (!isBits(control, 36)) return undefined;
  const whole = { class: 1, control: control.toString(16), manufacturerCode };
  if (kind === 'initiateTest') {
    const subclassOfWidth = [2, 4].indexOf(Number(manufacturerDigits));
    return subclassOfWidth < 0 ? undefined : { ...whole, subclass: subclassOfWidth };
  }
  return kind === 'proprietaryTest' && isBits(subclass, 4) && subclass > 5
    ? { ...whole, subclass }
    : undefined;
}

function scaled(value: unknown, places: number): string {
  return new BigNumber(String(value)).shiftedBy(places).toFixed();
}
