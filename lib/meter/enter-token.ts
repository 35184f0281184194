/**
 * What a meter must answer to 20 digits: the acceptance pipeline of sts.md 8.2 as one pure function. Plain state in,
 * outcome and the whole next state out; the caller makes that state durable before it shows the outcome, and then no
 * power cut can find half a token accepted.
 *
 * The order of the checks where several fail at once is not settled by any public text (open question A5); it is the order
 * of sts.md 8.2.
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
import { isExpired } from '../token/tid.ts';
import { decodeToken } from '../token/token.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from './configuration.ts';
import { applyToken } from './effects.ts';
import { enterKeyChangeSection } from './key-change-assembly.ts';
import { countFailure, isLocked, NO_LOCKOUT } from './lockout.ts';
import type { TokenOutcome } from './outcome.ts';
import type { MeterState } from './state.ts';
import { judgeTid, rememberTid } from './tid-memory.ts';

export interface TokenEntry {
  readonly outcome: TokenOutcome;
  /** The same object as the state given when nothing changed. */
  readonly state: MeterState;
}

/**
 * @param tokenNo - what was keyed; anything that is not a token answers CRCError, as on a meter.
 * @param nowSeconds - any clock that does not step back; used for the lockout and for the time-out of a key change.
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
  if (token === undefined || token.kind === 'crcError') {
    const lockout = countFailure(state.lockout, configuration.lockout, nowSeconds);
    return { outcome: { stage: 'authentication', result: 'CRCError' }, state: { ...state, lockout } };
  }
  return enterAuthentic(state, token, nowSeconds, configuration);
}

const scratch = new Uint32Array(2);

/** Steps 5 to 13 of sts.md 8.2, for a token whose CRC fits. */
function enterAuthentic(
  state: MeterState,
  token: Exclude<DecodedToken, { kind: 'crcError' }>,
  nowSeconds: number,
  configuration: MeterConfiguration,
): TokenEntry {
  if (token.kind === 'unsupported') return refuse(state, configuration.reservedAnswer);
  if (token.kind === 'malformed') return refuse(state, 'FormatError');
  if (isDisplay(token) && !addresses(token, state.meterPan, configuration)) {
    return { outcome: { stage: 'authentication', result: 'MfrCodeError' }, state };
  }
  if (!configuration.supported.includes(token.kind)) return refuse(state, 'FunctionError');
  switch (token.kind) {
    case 'initiateTest':
    case 'extendedRead':
    case 'proprietaryTest':
      return {
        outcome: { stage: 'token', result: 'Accept', creditDeciKwh: 0, effect: { kind: 'display', token } },
        state,
      };
    case 'keyChangeSection1':
    case 'keyChangeSection2':
    case 'keyChangeSection3Of3':
    case 'keyChangeSection3Of4':
    case 'keyChangeSection4': {
      const entry = enterKeyChangeSection(state, token, nowSeconds, configuration);
      return entry.state === state ? entry : { ...entry, state: { ...entry.state, lockout: NO_LOCKOUT } };
    }
    default:
      return enterIdentified(state, token, configuration);
  }
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
  const refusal = validate(state, token, memory, configuration);
  if (refusal !== undefined) return { outcome: refusal, state };
  const applied = applyToken(state, token, configuration);
  if ('refusal' in applied) {
    const remembered = configuration.refusedTokensAreRemembered
      ? remember(state, token.tidMinutes, isOwn)
      : state;
    // By default not remembered: after an overflow the customer can key it again later (open question A6).
    return refuse(remembered, applied.refusal);
  }
  const creditDeciKwh = token.kind === 'creditElectricity' ? token.amountDeciKwh : 0;
  return {
    outcome: { stage: 'token', result: 'Accept', creditDeciKwh, effect: applied.effect },
    state: { ...remember(applied.state, token.tidMinutes, isOwn), lockout: NO_LOCKOUT },
  };
}

/** Validation, steps 7 to 10 of sts.md 8.2. */
function validate(
  state: MeterState,
  token: IdentifiedToken,
  memory: readonly number[],
  configuration: MeterConfiguration,
): TokenOutcome | undefined {
  if (isCredit(token) && configuration.creditRefusedUnder.includes(state.keyType)) {
    return { stage: 'validation', result: 'DDTKError' };
  }
  if (isExpired(token.tidMinutes, state.keyExpiry)) return { stage: 'validation', result: 'KeyExpiredError' };
  switch (judgeTid(memory, token.tidMinutes)) {
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

function isDisplay(token: Token): token is DisplayToken {
  return token.kind === 'initiateTest' || token.kind === 'extendedRead' || token.kind === 'proprietaryTest';
}

/**
 * Whether a class 1 token is for this meter: the width of its manufacturer code must be that of the meter's number, the code
 * the meter's own, or 0 where that stands for every meter (open question A15). An extended read names no maker (B3).
 */
function addresses(token: DisplayToken, meterPan: string, configuration: MeterConfiguration): boolean {
  if (token.kind === 'extendedRead') return true;
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
