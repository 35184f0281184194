/**
 * Follows a chain entry by entry and names what is wrong with its order, its hashes and its signatures. It keeps only the
 * last entry and what is suspicious, so that a chain of any length can be followed.
 *
 * Of a wrong row only the row itself is accused: its neighbour, whose link must then fail too, is not. Signatures are
 * checked by the system's own threads; call `settle` now and then, and at the end.
 */
import type { KeyObject } from 'node:crypto';
import type { ChainEntry } from '../security-module/contract.ts';
import { entryHash, GENESIS_HASH } from './chain.ts';
import type { Finding, Findings } from './findings.ts';
import { isSignatureOfLater } from './signature.ts';
import type { ChainHead } from './verify-chain.ts';

/** Rows kept to find out whether counters were swapped; behind that a wrong row is just altered. */
const SUSPECTS_KEPT = 200;
const GAPS_KEPT = 10_000;

interface Gap {
  from: number;
  to: number;
  readonly line: number;
}

interface Suspect {
  readonly entry: ChainEntry;
  readonly line: number;
}

export class ChainFollower {
  readonly #moduleId: string;
  readonly #publicKey: KeyObject;
  readonly #findings: Findings;
  readonly #suspects: Suspect[] = [];
  readonly #gaps: Gap[] = [];
  #pending: Promise<void>[] = [];
  #last: ChainHead = { counter: 0, entryHash: GENESIS_HASH };
  #lastIsSound = true;
  #covered = true;

  constructor(moduleId: string, publicKey: KeyObject, findings: Findings) {
    this.#moduleId = moduleId;
    this.#publicKey = publicKey;
    this.#findings = findings;
  }

  /** The highest entry so far. */
  get head(): ChainHead {
    return this.#last;
  }

  /** True when so many signatures wait that the caller should `settle` before it goes on. */
  get isBusy(): boolean {
    return this.#pending.length >= 2000;
  }

  follow(entry: ChainEntry, line: number): void {
    const { counter } = entry;
    if (entry.moduleId !== this.#moduleId) {
      this.#findings.add({ kind: 'other_module', counter, line, detail: `of module ${entry.moduleId}` });
      return;
    }
    const isSound = entryHash(entry) === entry.entryHash;
    if (!isSound) this.#suspect({ entry, line });
    else if (entry.signature !== '') this.#checkSignature(entry, line);
    if (counter <= this.#last.counter) {
      this.#outOfPlace(counter, line);
      return;
    }
    if (counter > this.#last.counter + 1) this.#gap(this.#last.counter + 1, counter - 1, line);
    else if (entry.previousHash !== this.#last.entryHash && isSound && this.#lastIsSound) {
      const detail = `does not follow the entry ${counter - 1} that stands before it`;
      this.#findings.add({ kind: 'link_broken', counter, line, detail });
    }
    this.#last = { counter, entryHash: entry.entryHash };
    this.#lastIsSound = isSound;
    this.#covered = entry.signature !== '';
  }

  /** Waits for the signatures under way. */
  async settle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    await Promise.all(pending);
  }

  /** To be called after the last entry. */
  async end(): Promise<void> {
    await this.settle();
    if (!this.#covered) {
      const { counter } = this.#last;
      this.#findings.add({ kind: 'tail_unsigned', counter, detail: 'the last entry carries no signature' });
    }
    for (const { from, to, line } of this.#gaps) {
      const detail = from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`;
      this.#findings.add({ kind: 'entry_missing', counter: from, line, detail });
    }
    for (const suspect of this.#suspects) this.#findings.add(this.#judge(suspect));
  }

  #suspect(suspect: Suspect): void {
    if (this.#suspects.length < SUSPECTS_KEPT) this.#suspects.push(suspect);
    else this.#findings.add(altered(suspect));
  }

  /** A row that is whole under the counter of another suspect, or of a missing entry, was moved and not altered. */
  #judge(suspect: Suspect): Finding {
    const { entry, line } = suspect;
    const others = [...this.#suspects.map((other) => other.entry.counter), ...this.#missing()];
    const own = others.find(
      (counter) => counter !== entry.counter && entryHash({ ...entry, counter }) === entry.entryHash,
    );
    if (own === undefined) return altered(suspect);
    const detail = `is entry ${own} under the counter ${entry.counter}`;
    return { kind: 'counter_swapped', counter: entry.counter, line, detail };
  }

  *#missing(): Iterable<number> {
    let left = SUSPECTS_KEPT;
    for (const { from, to } of this.#gaps) {
      for (let counter = from; counter <= to && left > 0; counter += 1, left -= 1) yield counter;
    }
  }

  #gap(from: number, to: number, line: number): void {
    if (this.#gaps.length < GAPS_KEPT) this.#gaps.push({ from, to, line });
    else
      this.#findings.add({
        kind: 'entry_missing',
        counter: from,
        line,
        detail: `entries ${from} to ${to} are missing`,
      });
  }

  /** A counter at or below the highest: late, when it fills a gap, and otherwise here twice. */
  #outOfPlace(counter: number, line: number): void {
    const at = this.#gaps.findIndex(({ from, to }) => from <= counter && counter <= to);
    const gap = this.#gaps[at];
    if (gap === undefined) {
      this.#findings.add({ kind: 'entry_doubled', counter, line, detail: `entry ${counter} stands twice` });
      return;
    }
    const detail = `stands behind entry ${this.#last.counter}`;
    this.#findings.add({ kind: 'entry_reordered', counter, line, detail });
    const rest = [
      { ...gap, to: counter - 1 },
      { ...gap, from: counter + 1 },
    ];
    this.#gaps.splice(at, 1, ...rest.filter(({ from, to }) => from <= to));
  }

  #checkSignature({ counter, entryHash: hash, signature }: ChainEntry, line: number): void {
    this.#pending.push(
      isSignatureOfLater(signature, hash, this.#publicKey).then((isRight) => {
        if (isRight) return;
        const detail = "is not the module's over this entry";
        this.#findings.add({ kind: 'signature_wrong', counter, line, detail });
      }),
    );
  }
}

function altered({ entry: { counter }, line }: Suspect): Finding {
  return { kind: 'entry_altered', counter, line, detail: 'the fields do not give the hash' };
}
