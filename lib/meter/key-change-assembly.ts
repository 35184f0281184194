/**
 * How a meter puts a key change together from its sections (sts.md 7.3): in any order, within a time, never half. Nothing in
 * a section links it to the others, so a contradiction means that a new set has begun.
 */
import { BASE_DATES, type BaseDate } from '../identity/attributes.ts';
import { assembleKeyChange, type KeyChange, type KeyChangeSection } from '../keys/key-change.ts';
import type { MeterConfiguration } from './configuration.ts';
import type { KeyChangeResult, TokenOutcome } from './outcome.ts';
import { emptyMemory, type MeterState, type PendingKeyChange } from './state.ts';

const STORED: Readonly<Record<KeyChangeSection['kind'], KeyChangeResult>> = {
  keyChangeSection1: '1stKCT',
  keyChangeSection2: '2ndKCT',
  keyChangeSection3Of3: '3rdKCT',
  keyChangeSection3Of4: '3rdKCT',
  keyChangeSection4: '4thKCT',
};

const GREATEST_SUPPLY_GROUP = 999_999;

/** What a section did: the result, and the whole next state. */
export interface SectionEntry {
  readonly outcome: TokenOutcome;
  readonly state: MeterState;
}

/**
 * Takes one section whose CRC fits (sts.md 7.3).
 * @param nowSeconds - on the clock that is passed to `enterToken`; only the time-out reads it.
 * @returns 1stKCT to 4thKCT while sections are missing and Accept with the one that completes the set; KeyTypeError,
 *   RangeError (KRN), FormatError (a conflict that is refused, a supply group beyond 999999) or FunctionError otherwise, the
 *   state then as it was.
 */
export function enterKeyChangeSection(
  state: MeterState,
  section: KeyChangeSection,
  nowSeconds: number,
  configuration: MeterConfiguration,
): SectionEntry {
  const refusal = refusalOf(state, section, configuration);
  if (refusal !== undefined) return { outcome: { stage: 'token', result: refusal }, state };
  const kept = keptSections(state.extension.keyChange, section, nowSeconds, configuration);
  if (kept === 'conflict') return { outcome: { stage: 'token', result: 'FormatError' }, state };
  const sections = [...kept, section];
  const own = ofThisSet(sections, configuration);
  const change = isComplete(state, sections, configuration) ? assembleKeyChange(own) : undefined;
  if (change === undefined) {
    return {
      outcome: { stage: 'token', result: STORED[section.kind] },
      state: withPending(state, { sections, lastSeconds: nowSeconds }),
    };
  }
  // Each half of a supply group fits its section; whether the whole has six digits shows here alone.
  if (Number(change.supplyGroupCode) > GREATEST_SUPPLY_GROUP) {
    return { outcome: { stage: 'token', result: 'FormatError' }, state };
  }
  return {
    outcome: {
      stage: 'token',
      result: 'Accept',
      creditDeciKwh: 0,
      effect: { kind: 'keyChanged', rolledOver: change.rollOver },
    },
    state: changed(state, change, own.length === 2, configuration),
  };
}

function refusalOf(
  state: MeterState,
  section: KeyChangeSection,
  configuration: MeterConfiguration,
): 'KeyTypeError' | 'RangeError' | 'FunctionError' | 'FormatError' | undefined {
  if (section.kind === 'keyChangeSection3Of3' && !configuration.storesThirdSection) return 'FunctionError';
  if (section.kind !== 'keyChangeSection1') return undefined;
  // 3KCT is 0 in a set of four (sts.md 7.1); a set that says otherwise could never be complete.
  if (section.threeSections && state.encryptionAlgorithm === 11) return 'FormatError';
  const { keyType, keyRevision } = section;
  const { keyTypeChanges, cardOnlyKeyTypes, tokenCarrierType, keyRevisions } = configuration;
  const isAnnounced = section.threeSections && !configuration.storesThirdSection;
  if (isAnnounced && configuration.announcedThirdSection === 'FunctionError') return 'FunctionError';
  const needsCard = cardOnlyKeyTypes.includes(keyType) && tokenCarrierType !== 1;
  if (!keyTypeChanges[state.keyType].includes(keyType) || needsCard) return 'KeyTypeError';
  return keyRevision < keyRevisions[0] || keyRevision > keyRevisions[1] ? 'RangeError' : undefined;
}

/** The stored sections that the new one joins; it takes the place of an equal one. */
function keptSections(
  pending: PendingKeyChange | undefined,
  section: KeyChangeSection,
  nowSeconds: number,
  configuration: MeterConfiguration,
): readonly KeyChangeSection[] | 'conflict' {
  if (pending === undefined || nowSeconds - pending.lastSeconds > configuration.keyChangeTimeoutSeconds)
    return [];
  const stored = pending.sections.find(({ kind }) => kind === section.kind);
  if (stored !== undefined && !sameSection(stored, section)) {
    return configuration.keyChangeConflict === 'refuse' ? 'conflict' : [];
  }
  return pending.sections.filter(({ kind }) => kind !== section.kind);
}

function sameSection(a: KeyChangeSection, b: KeyChangeSection): boolean {
  const fields = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([name, value]) => fields.get(name) === value);
}

/** Two or three sections for a 64-bit key, as the first one says; four for a 128-bit key. */
function isComplete(
  state: MeterState,
  sections: readonly KeyChangeSection[],
  { storesThirdSection }: MeterConfiguration,
): boolean {
  const has = (kind: KeyChangeSection['kind']) => sections.some((section) => section.kind === kind);
  if (!has('keyChangeSection1') || !has('keyChangeSection2')) return false;
  if (state.encryptionAlgorithm === 11) return has('keyChangeSection3Of4') && has('keyChangeSection4');
  const wantsThird = sections.some(
    (section) => section.kind === 'keyChangeSection1' && section.threeSections,
  );
  return !wantsThird || !storesThirdSection || has('keyChangeSection3Of3');
}

/**
 * What of the stored sections makes up the set. A third one that the first does not announce was left by another set, and its
 * supply group is not of this one; a meter that stores none takes a set of three as a set of two (open question A14).
 */
function ofThisSet(
  sections: readonly KeyChangeSection[],
  { storesThirdSection }: MeterConfiguration,
): readonly KeyChangeSection[] {
  const isAnnounced = sections.some(
    (section) => section.kind === 'keyChangeSection1' && section.threeSections,
  );
  return sections
    .filter(({ kind }) => kind !== 'keyChangeSection3Of3' || isAnnounced)
    .map((section) =>
      section.kind === 'keyChangeSection1' && !storesThirdSection
        ? { ...section, threeSections: false }
        : section,
    );
}

/** Credit, totals and limits are not touched (sts.md 7.3). */
function changed(
  state: MeterState,
  change: KeyChange,
  isOfTwo: boolean,
  configuration: MeterConfiguration,
): MeterState {
  const later = laterBaseDate(state.baseDate);
  const isZeroed = change.rollOver
    ? later !== undefined || configuration.rollOverZeroesMemoryAlways
    : !configuration.memoryKeptWithoutRollOver;
  const isGroupKept = isOfTwo && configuration.supplyGroupAfterTwoSections === 'kept';
  const { decoderKey: _old, ...rest } = state;
  return {
    ...rest,
    decoderKey: change.newDecoderKey,
    keyType: change.keyType,
    keyRevision: change.keyRevision,
    keyExpiry: change.keyExpiry,
    supplyGroupCode: isGroupKept ? state.supplyGroupCode : change.supplyGroupCode,
    tariffIndex: change.tariffIndex,
    baseDate: change.rollOver ? (later ?? state.baseDate) : state.baseDate,
    tidMemory: isZeroed ? emptyMemory(state.tidMemory.length) : state.tidMemory,
    extension: {
      ...state.extension,
      managementTidMemory: isZeroed
        ? emptyMemory(state.extension.managementTidMemory.length)
        : state.extension.managementTidMemory,
      keyChange: undefined,
    },
  };
}

function laterBaseDate(baseDate: BaseDate): BaseDate | undefined {
  return BASE_DATES[BASE_DATES.indexOf(baseDate) + 1];
}

function withPending(state: MeterState, keyChange: PendingKeyChange): MeterState {
  return { ...state, extension: { ...state.extension, keyChange } };
}
