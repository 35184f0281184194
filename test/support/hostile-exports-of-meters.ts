/** What lib/meter exports to call, and what plans the issue to a meter. */
import type { KeyType } from '../../lib/identity/attributes.ts';
import { DEFAULT_METER_CONFIGURATION } from '../../lib/meter/configuration.ts';
import { newMeterState } from '../../lib/meter/state.ts';
import { DEFAULT_ISSUE_POLICY } from '../../lib/token/issue-policy.ts';
import {
  anything,
  bool,
  int,
  type Kind,
  list,
  named,
  number,
  object,
  oneOf,
  optional,
  text,
  trusted,
} from './hostile-kinds.ts';
import {
  ALGORITHM,
  BASE_DATE,
  type Entry,
  hasFields,
  isBoolean,
  isNothing,
  isObject,
  isText,
  KEY_EXPIRY,
  KEY_REVISION,
  KEY_TYPE,
  LAST_TID,
  MOMENT,
  SECONDS,
  STA_KEY,
  SUPPLY_GROUP,
  TARIFF_INDEX,
  TID,
  TOKEN_NO,
} from './hostile-places.ts';
import { TOKEN_KINDS } from './hostile-tokens.ts';

const VENDING_KEY_ATTRIBUTES = {
  supplyGroupCode: SUPPLY_GROUP,
  keyRevision: KEY_REVISION,
  keyType: KEY_TYPE,
  keyExpiry: KEY_EXPIRY,
  baseDate: BASE_DATE,
  decoderKeyAlgorithm: oneOf(4, 2),
  cluster: int(0, 99, 0),
};
const METER_ATTRIBUTES = { ...VENDING_KEY_ATTRIBUTES, tariffIndex: TARIFF_INDEX };
const METER_REGISTER = object({
  ...METER_ATTRIBUTES,
  encryptionAlgorithm: ALGORITHM,
  storesSupplyGroup: bool(false),
  tokenCarrierType: int(0, 99, 2),
  lastTidMinutes: LAST_TID,
  issueUntilMillis: MOMENT,
  issuedKeyChange: optional(
    object({
      to: object(METER_ATTRIBUTES),
      threeSections: bool(false),
      isConfirmed: bool(true),
      lastTidMinutes: LAST_TID,
    }),
  ),
});
const KEY_REGISTER = object({
  ...VENDING_KEY_ATTRIBUTES,
  encryptionAlgorithm: ALGORITHM,
  activeFromMillis: optional(number(0)),
  issueUntilMillis: optional(number(4_000_000_000_000)),
});
const POLICY = fieldByField(DEFAULT_ISSUE_POLICY);
const PLANNED = 'a plan is what planIssue returned';

const ISSUE: readonly Entry[] = [
  { name: 'token/issue-policy#assertIssuePolicy', parameters: [['policy', POLICY]], gives: isNothing },
  {
    name: 'token/issue-plan#planIssue',
    parameters: [
      [
        'request',
        object({
          meter: METER_REGISTER,
          currentKey: KEY_REGISTER,
          tariffIndex: TARIFF_INDEX,
          epochMillis: number(1_767_225_600_000),
          isKeyChangeRequested: bool(false),
          isReservedTidRequested: bool(false),
        }),
      ],
      ['policy', optional(POLICY)],
    ],
    gives: hasFields('kind'),
  },
  {
    name: 'token/issue-register#assertMeterKeyRegister',
    parameters: [['meter', METER_REGISTER]],
    gives: isNothing,
  },
  {
    name: 'token/issue-register#assertVendingKeyRegister',
    parameters: [['currentKey', KEY_REGISTER]],
    gives: isNothing,
  },
  {
    name: 'token/issue-register#settled',
    parameters: [['meter', trusted('its callers have checked the register', METER_REGISTER.sample)]],
    gives: isObject,
  },
  {
    name: 'token/issue-register#recordIssue',
    parameters: [
      ['meter', METER_REGISTER],
      ['plan', trusted(PLANNED, () => ({ kind: 'keyChangeRequired', reasons: [] }))],
    ],
    gives: isObject,
  },
  {
    name: 'token/issue-register#confirmKeyChange',
    parameters: [
      ['meter', METER_REGISTER],
      ['issueUntilMillis', MOMENT],
    ],
    gives: isObject,
  },
];

const FACTORY = {
  meterPan: named(text(/^600727000000000009$/, '600727000000000009'), 'meter'),
  encryptionAlgorithm: named(ALGORITHM, 'decoderKey'),
  decoderKey: text(/^[0-9a-fA-F]{16}([0-9a-fA-F]{16})?$/, STA_KEY),
  keyType: KEY_TYPE,
  keyRevision: int(0, 15, 1),
  keyExpiry: KEY_EXPIRY,
  supplyGroupCode: SUPPLY_GROUP,
  tariffIndex: TARIFF_INDEX,
  baseDate: BASE_DATE,
};
const SAFE = int(0, Number.MAX_SAFE_INTEGER, 0);
const MONEY = int(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0);
const SECTION = object(Object.fromEntries(TOKEN_KINDS)['keyChangeSection2'] ?? {});
const STATE = object({
  ...FACTORY,
  tidMemory: list(TID, 50, 1),
  creditMilliWh: MONEY,
  lockout: object({ failures: SAFE, untilSeconds: SECONDS }),
  extension: object({
    managementTidMemory: list(TID, 50),
    waterLitre: SAFE,
    gasLitre: SAFE,
    timeSecond: SAFE,
    currencyHundredThousandth: object({ electricity: MONEY, water: MONEY, gas: MONEY, time: MONEY }),
    maximumPowerWatt: optional(SAFE),
    maximumPhaseUnbalanceWatt: optional(SAFE),
    tariffRateRaw: optional(int(0, 0xffff, 1)),
    waterFactorRaw: optional(int(0, 0xffff, 1)),
    flags: list(int(0, 511, 3), 2),
    controls: list(
      {
        ...list(int(0, 62, 3), 2, 2),
        accepts: (value) =>
          Array.isArray(value) &&
          value.length === 2 &&
          int(0, 62, 0).accepts(value[0]) &&
          int(0, 1023, 0).accepts(value[1]),
      },
      1,
    ),
    isTampered: bool(false),
    keyChange: optional(object({ sections: named(list(SECTION, 1), 'section'), lastSeconds: number(0) })),
  }),
});

const CONFIGURATION = fieldByField(DEFAULT_METER_CONFIGURATION);

/** Every field of a default, by its own value: a new one is found here without being named. */
function fieldByField(value: object): Kind {
  return object(
    Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, kindOf(name, inner)])),
  );
}

function kindOf(field: string, value: unknown): Kind {
  if (typeof value === 'boolean') return bool(value);
  if (field === 'tidOffsetMinutes') return int(-1440, 1440, 0);
  if (field === 'tidAheadMinutes') return int(0, 0xff_ffff, 1440);
  if (field === 'warningDays') return int(0, 11_651, 90);
  if (field === 'tidMemorySize') return int(1, 65_535, 50);
  if (field === 'tokenCarrierType') return int(0, 99, 2);
  if (/Unit/.test(field)) return int(1, 1_000_000, value as number);
  if (/Seconds$/.test(field)) return { ...SECONDS, sample: () => value };
  if (typeof value === 'number')
    return int(
      0,
      /^(creditLimit|otherRegister|freeFailures)/.test(field) ? Number.MAX_SAFE_INTEGER : 255,
      value,
    );
  if (field === 'controlIndices')
    return { ...oneOf('all'), accepts: (given) => given === 'all' || list(int(0, 62, 1), 1).accepts(given) };
  // The default alone: no hostile value is one of the other words.
  if (typeof value === 'string') return oneOf(value);
  if (field === 'keyRevisions')
    return {
      ...list(int(0, 15, 1), 2, 2),
      accepts: (pair) => list(int(0, 15, 1), 2, 2).accepts(pair) && (pair as unknown[]).length === 2,
    };
  if (/KeyTypes|RefusedUnder|^[0-3]$/.test(field))
    return { ...list(KEY_TYPE, 2), sample: () => [...(value as KeyType[])] };
  if (Array.isArray(value)) return { ...list(oneOf(...value), 1), sample: () => [...value] };
  return fieldByField(value as object);
}

const TRUSTED_STATE = 'a state is what newMeterState or enterToken made, or assertMeterState let through';
const TRUSTED_CONFIGURATION =
  'a configuration is what assertMeterConfiguration let through, in newMeterState';
const lockout = trusted(TRUSTED_STATE, () => ({ failures: 3, untilSeconds: 10 }));
const policy = trusted(TRUSTED_CONFIGURATION, () => DEFAULT_METER_CONFIGURATION.lockout);
const memory = trusted(TRUSTED_STATE, () => [0, 0, 5]);

const METER: readonly Entry[] = [
  { name: 'meter/check#assertFactorySettings', parameters: [['factory', object(FACTORY)]], gives: isNothing },
  { name: 'meter/check#assertMeterState', parameters: [['state', STATE]], gives: isNothing },
  {
    name: 'meter/check#assertMeterConfiguration',
    parameters: [['configuration', CONFIGURATION]],
    gives: isNothing,
  },
  {
    name: 'meter/state#newMeterState',
    parameters: [
      ['factory', object(FACTORY)],
      ['configuration', optional(CONFIGURATION)],
    ],
    gives: hasFields('tidMemory', 'extension'),
  },
  { name: 'meter/state#emptyMemory', parameters: [['size', int(0, 65_535, 50)]], gives: Array.isArray },
  {
    name: 'meter/enter-token#enterToken',
    parameters: [
      ['state', trusted(TRUSTED_STATE, () => newMeterState(object(FACTORY).sample() as never))],
      ['tokenNo', anything('70630503470028726114')],
      ['nowSeconds', number(0)],
      ['configuration', trusted(TRUSTED_CONFIGURATION, () => DEFAULT_METER_CONFIGURATION)],
    ],
    gives: (result, [, tokenNo]) => {
      const { result: answer } = (result as { outcome: { result: string } }).outcome;
      return (
        answer === (tokenNo === '70630503470028726114' ? 'Accept' : 'CRCError') ||
        (TOKEN_NO.accepts(tokenNo) && answer === 'Lockout')
      );
    },
  },
  {
    name: 'meter/lockout#isLocked',
    parameters: [
      ['lockout', lockout],
      ['nowSeconds', number(5)],
    ],
    gives: isBoolean,
  },
  {
    name: 'meter/lockout#countFailure',
    parameters: [
      ['lockout', lockout],
      ['policy', policy],
      ['nowSeconds', number(5)],
    ],
    gives: hasFields('failures', 'untilSeconds'),
  },
  {
    name: 'meter/lockout#lockoutAfterPowerUp',
    parameters: [
      ['lockout', lockout],
      ['policy', policy],
    ],
    gives: hasFields('failures'),
  },
  {
    name: 'meter/tid-memory#judgeTid',
    parameters: [
      ['memory', memory],
      ['tidMinutes', TID],
    ],
    gives: isText(/^(fresh|used|old)$/),
  },
  {
    name: 'meter/tid-memory#rememberTid',
    parameters: [
      ['memory', memory],
      ['tidMinutes', TID],
    ],
    gives: Array.isArray,
  },
];

export const METER_ENTRIES: readonly Entry[] = [...ISSUE, ...METER];
