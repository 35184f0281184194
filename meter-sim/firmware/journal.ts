/**
 * The journal in the EEPROM, format 2: what makes the meter's books outlive a power cut (meter-hardware.md 4).
 *
 * A snapshot holds the whole state and stands in two copies. A delta, mostly one page, holds the registers whole and what
 * differs from the last snapshot; it is written for every token, checkpoint and power fail. So a boot needs one delta and
 * one copy of its snapshot, and no older record that might have rotted. When deltas grow, a new snapshot is taken behind
 * everything more urgent. An acceptance is one delta with its identifier, its credit and all that it changes: a cut at any
 * byte leaves the old state or the new one.
 *
 * On power fail there is time for {@link JournalShape.failPages}. A record in work is finished if a page is left behind it, and
 * given up otherwise; then comes a delta with everything, or, where that is too long, a record of one page that continues the
 * newest one by the energy since.
 */
import { assertFactorySettings } from '../../lib/meter/check.ts';
import { writeInteger } from './bytes.ts';
import { FORMAT_1_BYTES, readFormat1 } from './format-1.ts';
import { findNewest } from './journal-boot.ts';
import {
  type Checksum,
  CRC_32,
  energyOf,
  FIXED_BYTES,
  HEADER_BYTES,
  KIND_CONTINUED,
  KIND_DELTA,
  KIND_SNAPSHOT,
  pagesFor,
  SNAPSHOT_IMAGE_AT,
  seal,
  writeAccount,
  writeHeader,
} from './journal-records.ts';
import type { Keeper } from './keeper.ts';
import type { MemoryBus } from './memory-bus.ts';
import { DELTAS, PAGE_BYTES, SNAPSHOTS } from './memory-map.ts';
import { RecordRing, type Span, type WriteResult } from './record-rings.ts';
import type { AccountFields, JournalState } from './records.ts';
import { IMAGE_BYTES, StateImage, writePatches } from './state-image.ts';
import type { WornPageList } from './worn-pages.ts';

/** What a weaker journal would have otherwise; a test puts one in place and must catch it. */
export interface JournalShape {
  readonly checksum: Checksum;
  readonly deltaPages: number;
  /** Without it every delta goes over the one before. */
  readonly isRotated: boolean;
  /** Pages that can be written from the power-fail signal to the brown-out at worst ageing, the one in work included. */
  readonly failPages: number;
}

/**
 * 40 ms of hold-up less 40 % for an aged capacitor are 24 ms, of which what else the rail feeds leaves 20: three pages of 5 ms,
 * and one in reserve.
 */
export const DEFAULT_SHAPE: JournalShape = {
  checksum: CRC_32,
  deltaPages: DELTAS.slots,
  isRotated: true,
  failPages: 3,
};

/** What a boot finds. */
export interface LoadedState extends JournalState {
  /** True when the newest records have rotted and with them an acceptance: its credit and its TID were undone together. */
  readonly acceptanceLost: boolean;
  /** Energy that was measured and is in no register yet, mJ: to be charged by whoever starts from this. */
  readonly unchargedMilliJoule: number;
  /** 1: {@link Journal.format} must take it over before anything is written. */
  readonly format: 1 | 2;
}

/** `blank`: a new part, or one whose very first record was cut. `damaged`: nothing whole is left, or it is newer than this. */
export type JournalContents =
  | { readonly kind: 'state'; readonly state: LoadedState }
  | { readonly kind: 'blank' }
  | { readonly kind: 'damaged' };

interface Job {
  readonly isToken: boolean;
  /** Called when the write begins, so that a record that waited still holds the latest figures. */
  readonly build: () => JournalState;
  readonly done: (result: WriteResult) => void;
}

/** The newest verified record, and the registers in it. */
interface Durable {
  readonly sequence: number;
  readonly state: JournalState;
  readonly span: Span | undefined;
  readonly base: number;
}

interface Working {
  readonly job: Job;
  /** Not begun yet. */
  pagesLeft: number;
  isAbandoned: boolean;
}

const SNAPSHOT_COPIES = 2;
/** A delta of more pages asks for a snapshot. */
const LONGEST_SETTLED_DELTA = 3;

export class Journal {
  readonly #bus: MemoryBus;
  readonly #shape: JournalShape;
  readonly #deltas: RecordRing;
  readonly #snapshots: RecordRing;
  readonly #waiting: Job[] = [];
  /** Made with the first record: a boot that only looks needs neither. */
  #image: StateImage | undefined;
  #patches = new Uint8Array(0);
  #patchBytes = 0;
  #base: Uint8Array = new Uint8Array(0);
  #baseAccount: AccountFields | undefined;
  #baseSequence = 0;
  #baseSpans: Span[] = [];
  /** Copies of the snapshot before, which the newest delta may still need. */
  #oldSpans: Span[] = [];
  #durable: Durable | undefined;
  #sequence = 0;
  #working: Working | undefined;
  #snapshotInWork: { isAbandoned: boolean } | undefined;
  #isFailing = false;
  /** A save of which only the energy could be written while the supply failed. */
  #owed: Job | undefined;
  /** Pages for the last save while the supply fails. */
  #room = 0;

  constructor(bus: MemoryBus, worn: WornPageList, shape: JournalShape = DEFAULT_SHAPE) {
    this.#bus = bus;
    this.#shape = shape;
    this.#deltas = new RecordRing(bus, worn, { ...DELTAS, slots: shape.deltaPages });
    this.#snapshots = new RecordRing(bus, worn, SNAPSHOTS);
  }

  /** Reads the records and finds where to write next. Call once, before any write. */
  load(): JournalContents {
    const found = findNewest(this.#bus, this.#shape.checksum, this.#shape.deltaPages);
    if (found === 'newer') return { kind: 'damaged' };
    if (found === undefined) return this.#loadOlder();
    if (!isMeter(found.state)) return { kind: 'damaged' };
    this.#sequence = found.highestSequence;
    this.#base = found.base.image;
    this.#baseAccount = found.base.account;
    this.#baseSequence = found.base.sequence;
    this.#baseSpans = [...found.base.spans];
    this.#durable = {
      sequence: found.sequence,
      state: found.state,
      span: found.span,
      base: found.base.sequence,
    };
    if (found.newestSpan !== undefined) this.#deltas.continueAfter(found.newestSpan);
    const newestCopy = found.base.spans.at(-1);
    if (newestCopy !== undefined) this.#snapshots.continueAfter(newestCopy);
    const { application, account, vital } = found.state;
    const { acceptanceLost, unchargedMilliJoule } = found;
    const state = { application, account, vital, acceptanceLost, unchargedMilliJoule, format: 2 } as const;
    return { kind: 'state', state };
  }

  /** The first record of a new part, or of this format; nothing else is written before `done(true)`. */
  format(state: JournalState, done: (written: boolean) => void): void {
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#writeSnapshot(state, sequence, 'vital', (isWritten) => {
      if (!isWritten) {
        done(false);
        return;
      }
      this.#durable = { sequence, state, span: undefined, base: sequence };
      // From this record on the older format is never looked at again.
      this.commit(
        () => state,
        (result) => done(result === 'written'),
      );
    });
  }

  /** Queues a record of everything; one that already waits will hold the same, so that `done` alone is of use then. */
  save(build: () => JournalState, done: (written: boolean) => void = () => {}): void {
    const answer = (result: WriteResult): void => done(result === 'written');
    const index = this.#waiting.findIndex((job) => !job.isToken);
    const waiting = this.#waiting[index];
    if (waiting === undefined) this.#enqueue({ isToken: false, build, done: answer });
    else this.#waiting[index] = { ...waiting, done: both(waiting.done, answer) };
  }

  /** Queues the record of a token. Nothing it holds is true before `done('written')`. */
  commit(build: () => JournalState, done: (result: WriteResult) => void): void {
    this.#enqueue({ isToken: true, build, done });
  }

  /** What cannot be finished is given up, tokens that wait with it; the caller then asks for the last {@link save}. */
  powerFailing(): void {
    this.#isFailing = true;
    if (this.#snapshotInWork !== undefined) this.#snapshotInWork.isAbandoned = true;
    const working = this.#working;
    // The page in work may just have begun.
    this.#room = this.#shape.failPages - (this.#bus.isBusy ? 1 : 0);
    if (working !== undefined) {
      if (working.pagesLeft < this.#room) this.#room -= working.pagesLeft;
      else working.isAbandoned = true;
    }
    const tokens = this.#waiting.filter((job) => job.isToken);
    for (const token of tokens) this.#waiting.splice(this.#waiting.indexOf(token), 1);
    for (const token of tokens) token.done('abandoned');
  }

  /** The supply stands again, and nothing was reset. */
  powerIsBack(): void {
    this.#isFailing = false;
    const owed = this.#owed;
    this.#owed = undefined;
    if (owed !== undefined) this.#saveAgain(owed);
  }

  keep(keeper: Keeper): void {
    const isIdle = this.#working === undefined && this.#waiting.length === 0 && this.#owed === undefined;
    keeper.idle(isIdle && this.#snapshotInWork === undefined, 'a record is being written');
    this.#deltas.keep(keeper);
    this.#snapshots.keep(keeper);
    if (keeper.value(this.#image !== undefined)) this.#keepImage(keeper);
    this.#base = keeper.value(this.#base);
    this.#baseAccount = keeper.value(this.#baseAccount);
    this.#baseSequence = keeper.value(this.#baseSequence);
    this.#baseSpans = keeper.value(this.#baseSpans);
    this.#oldSpans = keeper.value(this.#oldSpans);
    this.#durable = keeper.value(this.#durable);
    this.#sequence = keeper.value(this.#sequence);
    this.#isFailing = keeper.value(this.#isFailing);
    this.#room = keeper.value(this.#room);
  }

  #keepImage(keeper: Keeper): void {
    this.#imageOnce().keep(keeper);
    const patches = keeper.value(this.#patches.slice(0, this.#patchBytes));
    this.#patches.set(patches);
    this.#patchBytes = patches.length;
  }

  #imageOnce(): StateImage {
    if (this.#image === undefined) {
      this.#image = new StateImage();
      this.#patches = new Uint8Array(2 * IMAGE_BYTES);
    }
    return this.#image;
  }

  #saveAgain({ build, done }: Job): void {
    this.save(build, (written) => done(written ? 'written' : 'failed'));
  }

  #owe(job: Job): void {
    const owed = this.#owed;
    this.#owed = owed === undefined ? job : { ...job, done: both(owed.done, job.done) };
  }

  #loadOlder(): JournalContents {
    // The first delta is written only after a snapshot was: with none there, this format was never in force.
    const { firstPage, pages } = this.#deltas;
    if (!isBlank(this.#bus.read(firstPage * PAGE_BYTES, pages * PAGE_BYTES))) return { kind: 'damaged' };
    const bytes = this.#bus.read(0, FORMAT_1_BYTES);
    const found = readFormat1(bytes);
    if (found === undefined) return { kind: isFirstFormatCut(bytes) ? 'blank' : 'damaged' };
    if (!isMeter(found)) return { kind: 'damaged' };
    const { sequence, acceptanceLost, ...state } = found;
    this.#sequence = sequence;
    return { kind: 'state', state: { ...state, acceptanceLost, unchargedMilliJoule: 0, format: 1 } };
  }

  #enqueue(job: Job): void {
    this.#waiting.push(job);
    if (this.#working === undefined) this.#startNext();
  }

  #startNext(): void {
    const job = this.#waiting.shift();
    if (job === undefined) return;
    const state = job.build();
    const bytes = this.#encode(state);
    const kept = this.#shape.isRotated ? this.#keptSpans() : [];
    const working: Working = { job, pagesLeft: bytes.length / PAGE_BYTES, isAbandoned: false };
    this.#working = working;
    const options = { urgency: 'vital', isAbandoned: () => this.#countPage(working) } as const;
    const isWhole = bytes[1] === KIND_DELTA;
    const base = this.#baseSequence;
    const sequence = this.#sequence + 1;
    this.#deltas.write(bytes, kept, options, (result, span) => {
      this.#working = undefined;
      if (result === 'abandoned' && !job.isToken) {
        this.#saveAgain(job);
        // Where it has joined one that waits, nobody else begins that.
        if (this.#working === undefined) this.#startNext();
        return;
      }
      if (result === 'written') {
        this.#sequence = sequence;
        if (isWhole) this.#settled({ sequence, state, span, base });
        if (!this.#shape.isRotated) this.#deltas.rewind();
      }
      // Only the energy is durable: whoever waits for more hears nothing until the supply stands again, if it does.
      if (result === 'written' && !isWhole) this.#owe(job);
      else job.done(result);
      if (this.#working === undefined) this.#startNext();
    });
  }

  /** Asked before each page; the first time none has been written yet. */
  #countPage(working: Working): boolean {
    if (working.isAbandoned) return true;
    working.pagesLeft -= 1;
    return false;
  }

  #keptSpans(): readonly Span[] {
    const span = this.#durable?.span;
    return span === undefined ? [] : [span];
  }

  #settled(durable: Durable): void {
    this.#durable = durable;
    if (durable.base === this.#baseSequence) this.#oldSpans = [];
    const pages = durable.span?.pages ?? 0;
    if (pages > LONGEST_SETTLED_DELTA || this.#baseSpans.length < SNAPSHOT_COPIES) this.#snapshotSoon();
  }

  #encode(state: JournalState): Uint8Array {
    const image = this.#imageOnce();
    if (image.update(state)) this.#patchBytes = writePatches(this.#base, image.bytes, this.#patches);
    const { checksum } = this.#shape;
    const length = FIXED_BYTES + this.#patchBytes;
    const pages = pagesFor(length, checksum);
    const sequence = this.#sequence + 1;
    const durable = this.#durable;
    if (this.#isFailing && pages > this.#room && durable?.span !== undefined) {
      return this.#continued(durable, state.account, sequence);
    }
    const bytes = new Uint8Array(pages * PAGE_BYTES);
    writeHeader(bytes, { kind: KIND_DELTA, pages, sequence, base: this.#baseSequence });
    writeAccount(bytes, state.account);
    bytes.set(this.#patches.subarray(0, this.#patchBytes), FIXED_BYTES);
    seal(bytes, checksum);
    return bytes;
  }

  #continued({ sequence: base, state }: Durable, account: AccountFields, sequence: number): Uint8Array {
    const bytes = new Uint8Array(PAGE_BYTES);
    writeHeader(bytes, { kind: KIND_CONTINUED, pages: 1, sequence, base });
    writeInteger(bytes, HEADER_BYTES, 6, energyOf(account) - energyOf(state.account));
    seal(bytes, this.#shape.checksum);
    return bytes;
  }

  /** Takes the newest verified state into a snapshot, in two copies, behind everything more urgent. */
  #snapshotSoon(): void {
    const durable = this.#durable;
    if (this.#snapshotInWork !== undefined || this.#isFailing || durable === undefined) return;
    const { state, sequence } = durable;
    if (sequence === this.#baseSequence || (durable.span?.pages ?? 0) <= LONGEST_SETTLED_DELTA) {
      // The base is good, one of its copies is missing.
      this.#writeCopy(this.#snapshotOf(this.#base, this.#baseAccount ?? state.account, this.#baseSequence));
      return;
    }
    this.#writeSnapshot(state, sequence, 'snapshot', () => {});
  }

  #writeSnapshot(
    state: JournalState,
    sequence: number,
    urgency: 'vital' | 'snapshot',
    done: (isWritten: boolean) => void,
  ): void {
    const image = new StateImage();
    image.update(state);
    const bytes = this.#snapshotOf(image.bytes, state.account, sequence);
    const work = { isAbandoned: false };
    this.#snapshotInWork = work;
    const kept = [...this.#baseSpans, ...this.#oldSpans];
    const options = { urgency, isAbandoned: () => work.isAbandoned };
    this.#snapshots.write(bytes, kept, options, (result, span) => {
      this.#snapshotInWork = undefined;
      if (result === 'written' && span !== undefined) {
        this.#oldSpans = this.#baseSpans;
        this.#baseSpans = [span];
        this.#baseSequence = sequence;
        this.#base = image.bytes;
        this.#baseAccount = state.account;
        if (this.#image !== undefined) {
          this.#patchBytes = writePatches(this.#base, this.#image.bytes, this.#patches);
        }
        this.#writeCopy(bytes);
      }
      done(result === 'written');
    });
  }

  #writeCopy(bytes: Uint8Array): void {
    if (this.#isFailing) return;
    const work = { isAbandoned: false };
    this.#snapshotInWork = work;
    const kept = [...this.#baseSpans, ...this.#oldSpans];
    const options = { urgency: 'snapshot', isAbandoned: () => work.isAbandoned } as const;
    this.#snapshots.write(bytes, kept, options, (result, span) => {
      this.#snapshotInWork = undefined;
      if (result === 'written' && span !== undefined) this.#baseSpans.push(span);
    });
  }

  #snapshotOf(image: Uint8Array, account: AccountFields, sequence: number): Uint8Array {
    const { checksum } = this.#shape;
    const pages = pagesFor(SNAPSHOT_IMAGE_AT + IMAGE_BYTES, checksum);
    const bytes = new Uint8Array(pages * PAGE_BYTES);
    writeHeader(bytes, { kind: KIND_SNAPSHOT, pages, sequence, base: sequence });
    writeAccount(bytes, account);
    writeInteger(bytes, FIXED_BYTES, 2, IMAGE_BYTES);
    bytes.set(image, SNAPSHOT_IMAGE_AT);
    seal(bytes, checksum);
    return bytes;
  }
}

function both(first: (result: WriteResult) => void, second: (result: WriteResult) => void) {
  return (result: WriteResult): void => {
    first(result);
    second(result);
  };
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0xff);
}

/** The first firmware wrote its first record to pages 64-67: if that was cut, everything else is as the factory left it. */
function isFirstFormatCut(bytes: Uint8Array): boolean {
  return isBlank(bytes.subarray(0, 4_096)) && isBlank(bytes.subarray(4_096 + 256));
}

/** A record can be whole and yet hold no meter, when something else has written it: `enterToken` trusts what it is given. */
function isMeter({ application }: JournalState): boolean {
  try {
    assertFactorySettings(application);
  } catch {
    return false;
  }
  return application.tidMemory.length > 0;
}
