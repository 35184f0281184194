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
import { createTokenCipher } from '../token/cipher.ts';
import type { CreditElectricity } from '../token/credit.ts';
import { scanEncryptedBlock } from '../token/frame.ts';
import type { DecodedToken } from '../token/kinds.ts';
import { isExpired } from '../token/tid.ts';
import { decodeToken } from '../token/token.ts';
import { countFailure, isLocked, NO_LOCKOUT } from './lockout.ts';
import type { TokenOutcome } from './outcome.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration, type MeterState } from './state.ts';
import { judgeTid, rememberTid } from './tid-memory.ts';

/** 0.1 kWh in the unit of the credit register. */
export const MILLI_WH_PER_DECI_KWH = 100_000;

export interface TokenEntry {
  readonly outcome: TokenOutcome;
  /** The same object as the state given when nothing changed. */
  readonly state: MeterState;
}

/**
 * @param tokenNo - what was keyed; anything that is not a token answers CRCError, as on a meter.
 * @param nowSeconds - any clock that does not step back; used for the lockout alone.
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
  return acceptOrRefuse(state, token, configuration);
}

function acceptOrRefuse(
  state: MeterState,
  token: Exclude<DecodedToken, { kind: 'crcError' }>,
  configuration: MeterConfiguration,
): TokenEntry {
  switch (token.kind) {
    case 'creditElectricity':
      return enterCredit(state, token, configuration);
    case 'malformed':
      return { outcome: { stage: 'token', result: 'FormatError' }, state };
    default:
      // Every other kind is read, and none of them is carried out by this meter yet.
      return { outcome: { stage: 'token', result: 'FunctionError' }, state };
  }
}

function enterCredit(
  state: MeterState,
  token: CreditElectricity,
  configuration: MeterConfiguration,
): TokenEntry {
  const refusal = validateCredit(state, token, configuration);
  if (refusal !== undefined) return { outcome: refusal, state };
  const creditMilliWh = state.creditMilliWh + token.amountDeciKwh * MILLI_WH_PER_DECI_KWH;
  if (creditMilliWh > configuration.creditLimitMilliWh) {
    // Not remembered: the customer can key it again when some credit is used (open question A6).
    return { outcome: { stage: 'token', result: 'OverflowError' }, state };
  }
  return {
    outcome: { stage: 'token', result: 'Accept', creditDeciKwh: token.amountDeciKwh },
    state: {
      ...state,
      creditMilliWh,
      tidMemory: rememberTid(state.tidMemory, token.tidMinutes),
      lockout: NO_LOCKOUT,
    },
  };
}

/** Validation, steps 7 to 10 of sts.md 8.2. */
function validateCredit(
  state: MeterState,
  token: CreditElectricity,
  configuration: MeterConfiguration,
): TokenOutcome | undefined {
  if (configuration.creditRefusedUnder.includes(state.keyType))
    return { stage: 'validation', result: 'DDTKError' };
  if (isExpired(token.tidMinutes, state.keyExpiry)) return { stage: 'validation', result: 'KeyExpiredError' };
  switch (judgeTid(state.tidMemory, token.tidMinutes)) {
    case 'used':
      return { stage: 'validation', result: 'UsedError' };
    case 'old':
      return { stage: 'validation', result: 'OldError' };
    case 'fresh':
      return undefined;
  }
}

const scratch = new Uint32Array(2);

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
