/**
 * The load profile: a ring of pages in the EEPROM, the newest still open. Entries hold what the registers gained, so that
 * their sum is the register at every boundary, whatever was cut in between.
 *
 * A page has its home at its sequence modulo the ring and a spare place after it. Its growing versions go to spare and home
 * in turn, each whole under its CRC-32, and the full one stands at home before the next page begins: a torn write costs the
 * newest entries at most, never an older one. What a period gained before a cut is found again from the registers.
 */
import type { Keeper } from '../keeper.ts';
import {
  decodeProfilePage,
  encodeProfilePage,
  hasRoom,
  PROFILE_SEQUENCES,
  PROFILE_STATUS,
  type ProfileEntry,
  type ProfilePage,
} from './profile-page.ts';
import type { ProfileStore } from './profile-store.ts';

export interface LoadProfileOptions {
  /** 15, 30 or 60. */
  readonly periodMinutes: number;
  /** Pages of the ring at most: a smaller part holds fewer. */
  readonly slots: number;
  /** The open page is written when so many entries are new. */
  readonly entriesPerWrite: number;
}

/** 180 days of half hours at three bytes each, where the part is large enough; a page is written every two hours. */
export const DEFAULT_LOAD_PROFILE: LoadProfileOptions = { periodMinutes: 30, slots: 620, entriesPerWrite: 4 };

export interface Registers {
  readonly importWh: number;
  readonly exportWh: number;
}

export interface DatedEntry extends ProfileEntry {
  /** Local seconds since 1970 at which the period begins. */
  readonly localSeconds: number;
  readonly periodMinutes: number;
}

/** A page whose entries are still coming. */
type OpenPage = Omit<ProfilePage, 'entries'> & { readonly entries: ProfileEntry[] };

/** A gap of more periods than this is not filled but begins a page of its own. */
const LONGEST_FILLED_GAP = 12;

const UNKNOWN = { period: 0, importWh: 0, exportWh: 0 };

export class LoadProfile {
  readonly #options: LoadProfileOptions;
  readonly #store: ProfileStore;
  readonly #slots: number;
  #page: OpenPage;
  /** The registers at the end of the last entry. */
  #last: Registers;
  /** The period that is open and what its status has so far. */
  #openPeriod: number;
  #status = 0;
  #unsaved = 0;
  /** Where the newest version of the open page stands. */
  #newest: 'nowhere' | 'home' | 'spare' = 'nowhere';

  /**
   * Finds the newest page and goes on from it.
   * @param now - the period of this moment and the registers as the journal gave them; left out for a profile that
   *   {@link keep} fills, which need not look for anything.
   */
  constructor(options: LoadProfileOptions, store: ProfileStore, now?: Registers & { period: number }) {
    this.#options = options;
    this.#store = store;
    this.#slots = Math.min(options.slots, store.slots);
    const begin = now ?? UNKNOWN;
    this.#openPeriod = begin.period;
    const found = now === undefined ? undefined : this.#newestPage();
    this.#last = found === undefined ? begin : endOf(found.page);
    this.#page = found?.page ?? this.#emptyPage(0, begin.period, begin);
    this.mark(PROFILE_STATUS.powerDown);
    if (now === undefined || found === undefined) return;
    this.#newest = found.isHome ? 'home' : 'spare';
    const isOther = found.page.periodMinutes !== options.periodMinutes;
    // A register below the last entry lost what the journal lost: a new page says where it stands.
    const hasFallen = now.importWh < this.#last.importWh || now.exportWh < this.#last.exportWh;
    if (isOther || hasFallen) {
      this.#last = hasFallen ? now : this.#last;
      this.#beginPage(now.period);
    }
    this.#openPeriod = this.#page.firstPeriod + this.#page.entries.length;
    this.advanceTo(now.period, now);
  }

  /** The period that is open now. */
  get openPeriod(): number {
    return this.#openPeriod;
  }

  /** The registers where the open period began. */
  get last(): Registers {
    return this.#last;
  }

  /** Sets status bits of the open period. */
  mark(status: number): void {
    this.#status |= status;
  }

  /** Closes the open period with all that the registers gained, and those after it up to `period` as dark. */
  advanceTo(period: number, registers: Registers): void {
    if (period === this.#openPeriod) return;
    this.#append(registers);
    const gap = period - this.#openPeriod;
    if (gap < 0 || gap > LONGEST_FILLED_GAP) {
      this.#beginPage(period);
      this.#openPeriod = period;
      return;
    }
    while (this.#openPeriod < period) {
      this.mark(PROFILE_STATUS.powerDown);
      this.#append(registers);
    }
  }

  /** Begins again at `period` after the clock was set: what was open ends short, and both sides say so. */
  clockSet(period: number, registers: Registers): void {
    this.mark(PROFILE_STATUS.clockAdjusted);
    if (period === this.#openPeriod) return;
    this.#append(registers);
    this.#beginPage(period);
    this.#openPeriod = period;
    this.mark(PROFILE_STATUS.clockAdjusted);
  }

  /** Writes what is new, however little: before a cut, or when somebody asks. */
  flush(): void {
    if (this.#unsaved > 0) this.#save();
  }

  /** Every entry that the ring and the open page hold, oldest first. */
  entries(): DatedEntry[] {
    const pages = new Map<number, ProfilePage>();
    for (let slot = 0; slot < this.#slots; slot++) {
      const page = this.#pageIn(slot);
      if (page === undefined) continue;
      const other = pages.get(page.sequence);
      if (other === undefined || other.entries.length < page.entries.length) pages.set(page.sequence, page);
    }
    pages.set(this.#page.sequence, this.#page);
    return [...pages.values()]
      .sort((left, right) => this.#age(right) - this.#age(left))
      .flatMap(({ entries, firstPeriod, periodMinutes }) =>
        entries.map((entry, index) => ({
          importWh: entry.importWh,
          exportWh: entry.exportWh,
          status: entry.status,
          localSeconds: (firstPeriod + index) * periodMinutes * 60,
          periodMinutes,
        })),
      );
  }

  keep(keeper: Keeper): void {
    this.#page = keeper.value(this.#page);
    this.#last = keeper.value(this.#last);
    this.#openPeriod = keeper.value(this.#openPeriod);
    this.#status = keeper.value(this.#status);
    this.#unsaved = keeper.value(this.#unsaved);
    this.#newest = keeper.value(this.#newest);
  }

  #append(registers: Registers): void {
    const entry: ProfileEntry = {
      importWh: registers.importWh - this.#last.importWh,
      exportWh: registers.exportWh - this.#last.exportWh,
      status: this.#status,
    };
    if (!hasRoom(this.#page.entries, entry)) this.#beginPage(this.#openPeriod);
    this.#page.entries.push(entry);
    this.#last = registers;
    this.#status = 0;
    this.#openPeriod += 1;
    this.#unsaved += 1;
    if (this.#unsaved >= this.#options.entriesPerWrite) this.#save();
  }

  /** The full page is brought home before the next one may take its spare place. */
  #beginPage(firstPeriod: number): void {
    if (this.#page.entries.length > 0) {
      if (this.#unsaved > 0) this.#save();
      if (this.#newest === 'spare') this.#save();
      this.#page = this.#emptyPage((this.#page.sequence + 1) % PROFILE_SEQUENCES, firstPeriod, this.#last);
    } else {
      this.#page = this.#emptyPage(this.#page.sequence, firstPeriod, this.#last);
    }
    this.#newest = 'nowhere';
    this.#unsaved = 0;
  }

  #save(): void {
    const place = this.#newest === 'spare' ? 'home' : 'spare';
    const slot = (this.#page.sequence + (place === 'home' ? 0 : 1)) % this.#slots;
    this.#store.write(slot, encodeProfilePage(this.#page));
    this.#newest = place;
    this.#unsaved = 0;
  }

  #emptyPage(sequence: number, firstPeriod: number, { importWh, exportWh }: Registers): OpenPage {
    const { periodMinutes } = this.#options;
    return { sequence, periodMinutes, firstPeriod, importWh, exportWh, entries: [] };
  }

  #newestPage(): { page: OpenPage; isHome: boolean } | undefined {
    let newest: { page: OpenPage; isHome: boolean } | undefined;
    for (let slot = 0; slot < this.#slots; slot++) {
      const page = this.#pageIn(slot);
      if (page === undefined) continue;
      const isNewer = newest === undefined || isAfter(page, newest.page);
      if (isNewer) newest = { page, isHome: page.sequence % this.#slots === slot };
    }
    return newest;
  }

  /** A page that does not belong in its slot was left there by a ring of another size. */
  #pageIn(slot: number): OpenPage | undefined {
    const page = decodeProfilePage(this.#store.read(slot));
    if (page === undefined) return undefined;
    const isHome = page.sequence % this.#slots === slot;
    return isHome || (page.sequence + 1) % this.#slots === slot ? page : undefined;
  }

  #age(page: ProfilePage): number {
    return (this.#page.sequence - page.sequence + PROFILE_SEQUENCES) % PROFILE_SEQUENCES;
  }
}

function isAfter(page: ProfilePage, other: ProfilePage): boolean {
  if (page.sequence === other.sequence) return page.entries.length > other.entries.length;
  return (page.sequence - other.sequence + PROFILE_SEQUENCES) % PROFILE_SEQUENCES < PROFILE_SEQUENCES / 2;
}

function endOf({ importWh, exportWh, entries }: ProfilePage): Registers {
  return entries.reduce(
    (sum, entry) => ({ importWh: sum.importWh + entry.importWh, exportWh: sum.exportWh + entry.exportWh }),
    { importWh, exportWh },
  );
}
