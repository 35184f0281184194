/**
 * What a meter must answer to 20 digits: the acceptance pipeline of sts.md 8.2 as one pure function. Plain state in,
 * outcome and the whole next state out; the caller makes that state durable before it shows the outcome, and then no
 * power cut can find half a token accepted.
 */
import type { BlockCipher } from '../crypto/block-cipher.ts';
import { bytesFromHex } from '../hex.ts';
import { parseMeterNumber } from '../identity/meter-pan.ts';
import { createTokenCipher } from '../token/cipher.ts';
import { scanEncryptedBlock } from '../token/frame.ts';
import type {
  CreditToken,
  CurrencyToken,
  DecodedToken,
  DisplayToken,
  ManagementToken,
  Token,
} from '../token/kinds.ts';
import { isExpired, isReservedMinute } from '../token/tid.ts';
import { decodeToken } from '../token/token.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration, type TokenCheck } from './configuration.ts';
import { type Applied, applyToken } from './effects.ts';
import { enterKeyChangeSection } from './key-change-assembly.ts';
import { countFailure, isLocked, NO_LOCKOUT } from './lockout.ts';
import type { TokenOutcome } from './outcome.ts';
import type { MeterState } from './state.ts';
import { judgeTid, rememberTid } from './tid-memory.ts';

/** What a meter answers to one entry, and what it is afterwards. */
export interface TokenEntry {
  readonly outcome: TokenOutcome;
  /** The same object as the state given when nothing changed. */
  readonly state: MeterState;
}

/**
 * @param state - of one meter, as `newMeterState` or this function made it: trusted here, and never changed. What comes from
 *   outside goes through `assertMeterState` first.
 * @param tokenNo - what was keyed; anything that is not a token answers CRCError, as on a meter.
 * @param nowSeconds - any clock that does not step back; used for the lockout and for the time-out of a key change.
 * @param configuration - what this make of meter does where the standard is not public; trusted as the state is.
 * @returns the outcome, which never is an exception, and the whole next state.
 * @throws TypeError, RangeError when the clock gives no finite number: nobody would be locked out then.
 */
export function enterToken(
  state: MeterState,
  tokenNo: string,
  nowSeconds: number,
  configuration: MeterConfiguration = DEFAULT_METER_CONFIGURATION,
): TokenEntry {
  const tokenClass = scanEncryptedBlock(tokenNo, scratch);
  if (isLocked(state.lockout, nowSeconds) && tokenClass !== 1) {
    // Not even decrypted: a guesser learns nothing while he waits.
    const { untilSeconds } = state.lockout;
    return { outcome: { stage: 'carrier', result: 'Lockout', untilSeconds }, state };
  }
  const token = tokenClass === undefined ? undefined : decodeToken(tokenNo, cipherOf(state));
  const entry =
    token === undefined || token.kind === 'crcError'
      ? { outcome: CRC_ERROR, state }
      : enterAuthentic(state, token, nowSeconds, configuration);
  const { counts } = configuration.lockout;
  if (!(counts as readonly string[]).includes(entry.outcome.result)) return entry;
  const lockout = countFailure(entry.state.lockout, configuration.lockout, nowSeconds);
  return { outcome: entry.outcome, state: { ...entry.state, lockout } };
}

const CRC_ERROR: TokenOutcome = { stage: 'authentication', result: 'CRCError' };

const scratch = new Uint32Array(2);

/** Steps 5 to 13 of sts.md 8.2, for a token whose CRC fits. */
function enterAuthentic(
  state: MeterState,
  token: Exclude<DecodedToken, { kind: 'crcError' }>,
  nowSeconds: number,
  configuration: MeterConfiguration,
): TokenEntry {
  switch (token.kind) {
    case 'unsupported':
      return token.tokenClass === 3
        ? answerClassThree(state, configuration)
        : refuse(state, configuration.reservedAnswer);
    case 'malformed': {
      const isExtendedRead = token.tokenClass === 1 && token.subclass === 2;
      return refuse(state, isExtendedRead ? configuration.extendedReadRestAnswer : 'FormatError');
    }
    case 'initiateTest':
    case 'extendedRead':
    case 'proprietaryTest':
      return enterDisplay(state, token, configuration);
    case 'keyChangeSection1':
    case 'keyChangeSection2':
    case 'keyChangeSection3Of3':
    case 'keyChangeSection3Of4':
    case 'keyChangeSection4': {
      if (!isCarriedOut(token, configuration)) return refuse(state, 'FunctionError');
      const entry = enterKeyChangeSection(state, token, nowSeconds, configuration);
      return entry.state === state ? entry : { ...entry, state: { ...entry.state, lockout: NO_LOCKOUT } };
    }
    default:
      return enterIdentified(state, token, configuration);
  }
}

function isCarriedOut(token: Token, configuration: MeterConfiguration): boolean {
  return configuration.supported.includes(token.kind);
}

function answerClassThree(state: MeterState, { classThreeAnswer }: MeterConfiguration): TokenEntry {
  return classThreeAnswer === 'CRCError' ? { outcome: CRC_ERROR, state } : refuse(state, classThreeAnswer);
}

/** A class 1 token shows or tests something and changes nothing. */
function enterDisplay(state: MeterState, token: DisplayToken, configuration: MeterConfiguration): TokenEntry {
  for (const check of configuration.checkOrder) {
    if (check === 'manufacturer' && !addresses(token, state.meterPan, configuration)) {
      return { outcome: { stage: 'authentication', result: 'MfrCodeError' }, state };
    }
    if (check === 'function' && !isCarriedOut(token, configuration)) return refuse(state, 'FunctionError');
  }
  return {
    outcome: { stage: 'token', result: 'Accept', creditDeciKwh: 0, effect: { kind: 'display', token } },
    state,
  };
}

type IdentifiedToken = CreditToken | CurrencyToken | ManagementToken;

/** A token with a TID: validated, carried out and remembered in one step. */
function enterIdentified(
  state: MeterState,
  token: IdentifiedToken,
  configuration: MeterConfiguration,
): TokenEntry {
  const isOwn = !isCredit(token) && !configuration.managementSharesTidMemory;
  const memory = isOwn ? state.extension.managementTidMemory : state.tidMemory;
  let applied: Applied | undefined;
  for (const check of configuration.checkOrder) {
    if (check !== 'values') {
      const refusal = refusalOf(check, state, token, memory, configuration);
      if (refusal !== undefined) return { outcome: refusal, state };
      continue;
    }
    applied = applyToken(state, token, configuration);
    if (!('refusal' in applied)) continue;
    // By default a token whose value is refused is not remembered: after an overflow the customer can key it again later.
    const isRemembered = configuration.refusedTokensAreRemembered;
    return refuse(isRemembered ? remember(state, token.tidMinutes, isOwn) : state, applied.refusal);
  }
  applied ??= applyToken(state, token, configuration);
  if ('refusal' in applied) return refuse(state, applied.refusal);
  const creditDeciKwh = token.kind === 'creditElectricity' ? token.amountDeciKwh : 0;
  return {
    outcome: { stage: 'token', result: 'Accept', creditDeciKwh, effect: applied.effect },
    state: { ...remember(applied.state, token.tidMinutes, isOwn), lockout: NO_LOCKOUT },
  };
}

/** One of the steps 6 to 10 of sts.md 8.2; manufacturer codes stand in class 1 alone. */
function refusalOf(
  check: Exclude<TokenCheck, 'values'>,
  state: MeterState,
  token: IdentifiedToken,
  memory: readonly number[],
  configuration: MeterConfiguration,
): TokenOutcome | undefined {
  switch (check) {
    case 'manufacturer':
      return undefined;
    case 'function':
      return isCarriedOut(token, configuration) ? undefined : FUNCTION_ERROR;
    case 'keyType': {
      const { creditRefusedUnder, managementRefusedUnder } = configuration;
      const refusedUnder = isCredit(token) ? creditRefusedUnder : managementRefusedUnder;
      return refusedUnder.includes(state.keyType) ? DDTK_ERROR : undefined;
    }
    case 'keyExpiry':
      return isExpired(token.tidMinutes, state.keyExpiry) ? KEY_EXPIRED_ERROR : undefined;
    case 'tid':
      return refusalOfTid(token.tidMinutes, memory, configuration);
  }
}

const FUNCTION_ERROR: TokenOutcome = { stage: 'token', result: 'FunctionError' };
const DDTK_ERROR: TokenOutcome = { stage: 'validation', result: 'DDTKError' };
const KEY_EXPIRED_ERROR: TokenOutcome = { stage: 'validation', result: 'KeyExpiredError' };

function refusalOfTid(
  tidMinutes: number,
  memory: readonly number[],
  { reservedTid }: MeterConfiguration,
): TokenOutcome | undefined {
  if (reservedTid !== 'as-any-other' && isReservedMinute(tidMinutes)) {
    return { stage: 'token', result: reservedTid };
  }
  switch (judgeTid(memory, tidMinutes)) {
    case 'used':
      return { stage: 'validation', result: 'UsedError' };
    case 'old':
      return { stage: 'validation', result: 'OldError' };
    case 'fresh':
      return undefined;
  }
}

function remember(state: MeterState, tidMinutes: number, isOwn: boolean): MeterState {
  if (!isOwn) return { ...state, tidMemory: rememberTid(state.tidMemory, tidMinutes) };
  const managementTidMemory = rememberTid(state.extension.managementTidMemory, tidMinutes);
  return { ...state, extension: { ...state.extension, managementTidMemory } };
}

function isCredit(token: Token): token is CreditToken | CurrencyToken {
  return token.kind.startsWith('credit') || token.kind === 'currencyCredit';
}

/**
 * Whether a class 1 token is for this meter: the width of its manufacturer code must be that of the meter's number, the code
 * the meter's own, or 0 where that stands for every meter. An extended read names no maker.
 */
function addresses(token: DisplayToken, meterPan: string, configuration: MeterConfiguration): boolean {
  if (token.kind === 'extendedRead' || !configuration.manufacturerCheckedIn.includes(token.kind)) return true;
  const own = parseMeterNumber(meterPan).manufacturerCode;
  const digits = token.kind === 'initiateTest' ? token.manufacturerDigits : token.subclass <= 10 ? 4 : 2;
  if (digits !== own.length) return false;
  if (token.manufacturerCode === 0 && configuration.manufacturerZeroIsWildcard) return true;
  return token.manufacturerCode === Number(own);
}

function refuse(
  state: MeterState,
  result: 'OverflowError' | 'FormatError' | 'RangeError' | 'FunctionError',
): TokenEntry {
  return { outcome: { stage: 'token', result }, state };
}

/** A meter keeps its key for years and a conformance run switches between few: the last schedule is worth keeping. */
let lastCipher:
  | { readonly key: string; readonly algorithm: number; readonly cipher: BlockCipher }
  | undefined;

function cipherOf(state: MeterState): BlockCipher {
  const { decoderKey: key, encryptionAlgorithm: algorithm } = state;
  if (lastCipher?.key !== key || lastCipher.algorithm !== algorithm) {
    lastCipher = { key, algorithm, cipher: createTokenCipher(algorithm, bytesFromHex(key)) };
  }
  return lastCipher.cipher;
}
