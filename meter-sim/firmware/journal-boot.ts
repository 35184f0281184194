/**
 * What a boot finds in the two rings of the journal: headers first, checksums only where one matters, for a meter must
 * answer soon after its supply is back.
 */
import { readUnsigned } from './bytes.ts';
import {
  type Checksum,
  energyOf,
  FIXED_BYTES,
  FORMAT_VERSION,
  HEADER_BYTES,
  type Header,
  isSealed,
  KIND_CONTINUED,
  KIND_DELTA,
  KIND_SNAPSHOT,
  readAccount,
  SNAPSHOT_IMAGE_AT,
} from './journal-records.ts';
import type { MemoryBus } from './memory-bus.ts';
import { DELTAS, PAGE_BYTES, SNAPSHOTS } from './memory-map.ts';
import type { Span } from './record-rings.ts';
import type { AccountFields, JournalState } from './records.ts';
import { applyPatches, decodeImage, IMAGE_BYTES } from './state-image.ts';

interface Candidate extends Header {
  readonly page: number;
}

interface Base {
  readonly sequence: number;
  readonly image: Uint8Array;
  readonly account: AccountFields;
  /** Its whole copies, in the order in which the ring goes on. */
  readonly spans: readonly Span[];
}

export interface Found {
  readonly state: JournalState;
  readonly acceptanceLost: boolean;
  readonly unchargedMilliJoule: number;
  /** Of the record that holds the state. */
  readonly sequence: number;
  readonly span: Span | undefined;
  readonly base: Base;
  /** The newest whole record of the ring, which may continue the one above. */
  readonly newestSpan: Span | undefined;
  readonly highestSequence: number;
}

type Partly = Omit<Found, 'acceptanceLost' | 'newestSpan' | 'highestSequence'>;

/** @returns undefined when no state is whole, `'newer'` when a whole record is of a later format. */
export function findNewest(
  bus: MemoryBus,
  checksum: Checksum,
  deltaPages: number,
): Found | 'newer' | undefined {
  return new Boot(bus, checksum, deltaPages).find();
}

class Boot {
  readonly #checksum: Checksum;
  readonly #bus: MemoryBus;
  readonly #ring: Uint8Array;
  readonly #deltas: readonly Candidate[];
  readonly #snapshots: readonly Candidate[];
  readonly #bases = new Map<number, Base | undefined>();
  #isNewer = false;

  constructor(bus: MemoryBus, checksum: Checksum, deltaPages: number) {
    this.#bus = bus;
    this.#checksum = checksum;
    this.#ring = bus.read(DELTAS.firstPage * PAGE_BYTES, deltaPages * PAGE_BYTES);
    this.#deltas = this.#scanDeltas(deltaPages);
    this.#snapshots = this.#scanSnapshots();
  }

  find(): Found | 'newer' | undefined {
    if (this.#isNewer) return 'newer';
    let newest: Candidate | undefined;
    for (const delta of newestFirst(this.#deltas)) {
      if (!this.#isWhole(delta)) continue;
      newest ??= delta;
      const found = delta.kind === KIND_DELTA ? this.#fromDelta(delta) : this.#fromContinued(delta);
      if (found !== undefined) return this.#orSnapshot(this.#completed(found, newest));
    }
    return this.#fromSnapshot(newest);
  }

  /** A snapshot that is newer than every delta; at the same sequence both hold the same. */
  #orSnapshot(found: Found): Found {
    return this.#fromSnapshot(undefined, found.highestSequence) ?? found;
  }

  /** @param after - sequence of what is whole already; a header alone proves nothing. */
  #fromSnapshot(newest: Candidate | undefined, after = -1): Found | undefined {
    for (const snapshot of this.#snapshots) {
      if (snapshot.sequence <= after) return undefined;
      const base = this.#base(snapshot.sequence);
      if (base === undefined) continue;
      const state = stateOf(base.image, base.account);
      const found = { state, sequence: base.sequence, span: undefined, base, unchargedMilliJoule: 0 };
      return this.#completed(found, newest);
    }
    return undefined;
  }

  /**
   * Where a newer delta is whole but what it builds on is gone, its registers still say how much energy was measured; its
   * acceptances are undone with their identifiers.
   */
  #completed(found: Partly, newest: Candidate | undefined): Found {
    const whole: Found = {
      state: found.state,
      sequence: found.sequence,
      span: found.span,
      base: found.base,
      unchargedMilliJoule: found.unchargedMilliJoule,
      newestSpan: newest === undefined ? undefined : spanOf(newest),
      highestSequence: Math.max(found.sequence, newest?.sequence ?? 0),
      acceptanceLost: false,
    };
    if (newest === undefined || newest.kind !== KIND_DELTA || newest.sequence <= found.sequence) return whole;
    const later = readAccount(this.#bytesOf(newest));
    const account: AccountFields = { ...found.state.account, lockout: later.lockout };
    return {
      ...whole,
      state: { ...found.state, account },
      unchargedMilliJoule: Math.max(0, energyOf(later) - energyOf(account)),
      acceptanceLost: true,
    };
  }

  #fromDelta(delta: Candidate): Partly | undefined {
    const base = this.#base(delta.base);
    if (base === undefined) return undefined;
    const bytes = this.#bytesOf(delta);
    const image = base.image.slice();
    const patches = bytes.subarray(FIXED_BYTES, bytes.length - this.#checksum.bytes);
    if (!applyPatches(image, patches)) return undefined;
    const state = stateOf(image, readAccount(bytes));
    return { state, sequence: delta.sequence, span: spanOf(delta), base, unchargedMilliJoule: 0 };
  }

  #fromContinued(record: Candidate): Partly | undefined {
    const before = this.#deltas.find(
      (delta) => delta.kind === KIND_DELTA && delta.sequence === record.base && this.#isWhole(delta),
    );
    if (before === undefined) return undefined;
    const found = this.#fromDelta(before);
    if (found === undefined) return undefined;
    return { ...found, unchargedMilliJoule: readUnsigned(this.#bytesOf(record), HEADER_BYTES, 6) };
  }

  #base(sequence: number): Base | undefined {
    if (this.#bases.has(sequence)) return this.#bases.get(sequence);
    const base = this.#readBase(sequence);
    this.#bases.set(sequence, base);
    return base;
  }

  #readBase(sequence: number): Base | undefined {
    const spans: Span[] = [];
    let whole: Uint8Array | undefined;
    for (const snapshot of this.#snapshots) {
      if (snapshot.sequence !== sequence) continue;
      const bytes = this.#bus.read(snapshot.page * PAGE_BYTES, snapshot.pages * PAGE_BYTES);
      if (whole === undefined) {
        if (!isSealed(bytes, this.#checksum)) continue;
        if (readUnsigned(bytes, FIXED_BYTES, 2) !== IMAGE_BYTES) continue;
        whole = bytes;
      } else if (!isEqual(whole, bytes)) {
        continue;
      }
      spans.push(spanOf(snapshot));
    }
    if (whole === undefined) return undefined;
    return {
      sequence,
      image: whole.slice(SNAPSHOT_IMAGE_AT, SNAPSHOT_IMAGE_AT + IMAGE_BYTES),
      account: readAccount(whole),
      spans: inRingOrder(spans),
    };
  }

  #bytesOf({ page, pages }: Candidate): Uint8Array {
    const from = (page - DELTAS.firstPage) * PAGE_BYTES;
    return this.#ring.subarray(from, from + pages * PAGE_BYTES);
  }

  #isWhole(delta: Candidate): boolean {
    return isSealed(this.#bytesOf(delta), this.#checksum);
  }

  #scanDeltas(ringPages: number): readonly Candidate[] {
    const found: Candidate[] = [];
    for (let page = 0; page < ringPages; page++) {
      const header = this.#header(this.#ring, page * PAGE_BYTES, ringPages - page);
      if (header === undefined) continue;
      const { format: _format, kind, pages, sequence, base } = header;
      const candidate: Candidate = { kind, pages, sequence, base, page: DELTAS.firstPage + page };
      if (header.format > FORMAT_VERSION) this.#isNewer ||= this.#isWhole(candidate);
      else if (header.kind === KIND_DELTA || header.kind === KIND_CONTINUED) found.push(candidate);
    }
    return found;
  }

  #scanSnapshots(): readonly Candidate[] {
    const found: Candidate[] = [];
    for (let slot = 0; slot < SNAPSHOTS.slots; slot++) {
      const page = SNAPSHOTS.firstPage + slot * SNAPSHOTS.slotPages;
      const head = this.#bus.read(page * PAGE_BYTES, HEADER_BYTES);
      const header = this.#header(head, 0, SNAPSHOTS.slotPages);
      if (header === undefined) continue;
      if (header.format > FORMAT_VERSION) {
        const bytes = this.#bus.read(page * PAGE_BYTES, header.pages * PAGE_BYTES);
        this.#isNewer ||= isSealed(bytes, this.#checksum);
      } else if (header.kind === KIND_SNAPSHOT) {
        const { kind, pages, sequence, base } = header;
        found.push({ kind, pages, sequence, base, page });
      }
    }
    return found.sort((a, b) => b.sequence - a.sequence);
  }

  /** What may be a record; its checksum tells. */
  #header(bytes: Uint8Array, at: number, mostPages: number): (Header & { format: number }) | undefined {
    const format = bytes[at] ?? 0;
    const pages = bytes[at + 2] ?? 0;
    if (format < FORMAT_VERSION || format === 0xff || pages < 1 || pages > mostPages) return undefined;
    return {
      format,
      kind: bytes[at + 1] ?? 0,
      pages,
      sequence: readUnsigned(bytes, at + 3, 4),
      base: readUnsigned(bytes, at + 7, 4),
    };
  }
}

/** The first is mostly the one; the others are put in order only where it is not. */
function* newestFirst(records: readonly Candidate[]): Generator<Candidate> {
  const first = records.reduce<Candidate | undefined>(
    (newest, record) => (newest === undefined || record.sequence > newest.sequence ? record : newest),
    undefined,
  );
  if (first === undefined) return;
  yield first;
  yield* records.filter((record) => record !== first).sort((a, b) => b.sequence - a.sequence);
}

function stateOf(image: Uint8Array, account: AccountFields): JournalState {
  const { application, vital } = decodeImage(image);
  return { application, account, vital };
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

function spanOf({ page, pages }: Candidate): Span {
  return { page, pages };
}

/** So that the last one is where the ring goes on: two copies may stand on either side of its end. */
function inRingOrder(spans: readonly Span[]): readonly Span[] {
  const rising = [...spans].sort((a, b) => a.page - b.page);
  const first = rising[0];
  const last = rising.at(-1);
  const end = SNAPSHOTS.firstPage + (SNAPSHOTS.slots - 1) * SNAPSHOTS.slotPages;
  return first?.page === SNAPSHOTS.firstPage && last?.page === end ? rising.reverse() : rising;
}
