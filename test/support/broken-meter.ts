/**
 * Meters that make one mistake each, for the conformance run to find. They show no state: results and registers must be enough
 * to catch them, as with a meter that can only be keyed.
 */
import { creditOf } from '../../cli/conformance/meter-bench.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from '../../lib/meter/configuration.ts';
import { enterToken, type TokenEntry } from '../../lib/meter/enter-token.ts';
import type { TokenResult } from '../../lib/meter/outcome.ts';
import type { MeterState } from '../../lib/meter/state.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import type { DecodedToken } from '../../lib/token/kinds.ts';
import { decodeToken } from '../../lib/token/token.ts';
import type { VectorTest } from '../vectors/schema.ts';
import { meterOf } from './meter-vectors.ts';

interface Mistake {
  /** Where the rule stands that it breaks. */
  readonly clause: string;
  /** The open question, where the mistake may be a choice. */
  readonly question?: string;
  readonly configuration?: Partial<MeterConfiguration>;
  /** A refusal that a right meter does not give. */
  readonly refuses?: (token: DecodedToken, state: MeterState) => TokenResult | undefined;
  /** What is left wrong after a token was carried out. */
  readonly spoils?: (after: MeterState, before: MeterState) => MeterState;
}

const isKeyChanged = (after: MeterState, before: MeterState) => after.decoderKey !== before.decoderKey;

export const METER_MISTAKES: Readonly<Record<string, Mistake>> = {
  'meter-memory-replaces-newest': {
    clause: 'sts.md 8.3',
    question: 'A1',
    spoils: (after, before) => {
      const fresh = after.tidMemory.find((tid) => !before.tidMemory.includes(tid));
      if (fresh === undefined || isKeyChanged(after, before)) return after;
      const newest = before.tidMemory.indexOf(Math.max(...before.tidMemory));
      const isFull = !before.tidMemory.includes(0);
      if (!isFull) return after;
      return { ...after, tidMemory: before.tidMemory.map((tid, slot) => (slot === newest ? fresh : tid)) };
    },
  },
  'meter-memory-never-filled': {
    clause: 'sts.md 8.3',
    spoils: (after, before) => ({ ...after, tidMemory: before.tidMemory }),
  },
  'meter-refuses-late-entry': {
    clause: 'sts.md 8.3',
    refuses: (token, { tidMemory }) =>
      'tidMinutes' in token && token.tidMinutes < Math.max(...tidMemory) ? 'OldError' : undefined,
  },
  'meter-remembers-refused': {
    clause: 'sts.md 8.4',
    question: 'A6',
    configuration: { refusedTokensAreRemembered: true },
  },
  'meter-management-apart': {
    clause: 'sts.md 8.3',
    question: 'A2',
    configuration: { managementSharesTidMemory: false },
  },
  'meter-expiry-times-65535': {
    clause: 'sts.md 8.1',
    refuses: (token, { keyExpiry }) =>
      'tidMinutes' in token && token.tidMinutes > keyExpiry * 65_535 ? 'KeyExpiredError' : undefined,
  },
  'meter-credit-under-default-key': { clause: 'sts.md 8.1', configuration: { creditRefusedUnder: [] } },
  'meter-old-key-kept': {
    clause: 'sts.md 7.3',
    spoils: (after, before) => ({ ...after, decoderKey: before.decoderKey }),
  },
  'meter-key-change-zeroes-credit': {
    clause: 'sts.md 7.3',
    spoils: (after, before) => (isKeyChanged(after, before) ? { ...after, creditMilliWh: 0 } : after),
  },
  'meter-roll-over-keeps-memory': {
    clause: 'sts.md 7.3',
    spoils: (after, before) =>
      isKeyChanged(after, before) ? { ...after, tidMemory: before.tidMemory } : after,
  },
  'meter-sections-in-order-only': {
    clause: 'sts.md 7.3',
    refuses: (token, { extension }) =>
      token.kind.startsWith('keyChangeSection') &&
      token.kind !== 'keyChangeSection1' &&
      extension.keyChange === undefined
        ? 'FormatError'
        : undefined,
  },
  'meter-partial-set-for-ever': {
    clause: 'sts.md 7.3',
    question: 'A7',
    configuration: { keyChangeTimeoutSeconds: Number.MAX_SAFE_INTEGER },
  },
  'meter-any-key-type': {
    clause: 'sts.md 6.6',
    question: 'A3',
    configuration: {
      keyTypeChanges: { 0: [0, 1, 2, 3], 1: [0, 1, 2, 3], 2: [0, 1, 2, 3], 3: [0, 1, 2, 3] },
      cardOnlyKeyTypes: [],
    },
  },
  'meter-never-locks': {
    clause: 'sts.md 8.5',
    question: 'A10',
    configuration: { lockout: { ...DEFAULT_METER_CONFIGURATION.lockout, freeFailures: 1_000_000 } },
  },
};

/** Takes the place of the meters of an adapter. */
export class BrokenMeters {
  private readonly states: MeterState[] = [];
  private readonly mistake: Mistake;
  private readonly configuration: MeterConfiguration;

  constructor(mistake: Mistake) {
    this.mistake = mistake;
    this.configuration = { ...DEFAULT_METER_CONFIGURATION, ...mistake.configuration };
  }

  add(settings: VectorTest<'meter'>['meter']): { meter: string } {
    const made = meterOf(settings);
    const isApart = !this.configuration.managementSharesTidMemory;
    const managementTidMemory = isApart ? made.tidMemory : [];
    this.states.push({ ...made, extension: { ...made.extension, managementTidMemory } });
    return { meter: String(this.states.length - 1) };
  }

  enter({ meter, tokenNo, at }: { meter: string; tokenNo: string; at: number }): object {
    const before = this.states[Number(meter)]!;
    const { result, state } = this.play(before, tokenNo, at);
    this.states[Number(meter)] = state;
    return { result, credit: creditOf(state) };
  }

  private play(before: MeterState, tokenNo: string, at: number): { result: TokenResult; state: MeterState } {
    const { refuses, spoils } = this.mistake;
    const { outcome, state }: TokenEntry = enterToken(before, tokenNo, at, this.configuration);
    const isTaken = outcome.stage === 'token' && !outcome.result.endsWith('Error');
    if (!isTaken) return { result: outcome.result, state };
    const cipher = createTokenCipher(before.encryptionAlgorithm, bytesFromHex(before.decoderKey));
    const refusal = refuses?.(decodeToken(tokenNo, cipher), before);
    if (refusal !== undefined) return { result: refusal, state: before };
    return { result: outcome.result, state: spoils?.(state, before) ?? state };
  }
}
