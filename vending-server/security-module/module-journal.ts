/**
 * The module's own journal: every token it ever made, one row each, in an SQLite file of its own. The chain in it is
 * checked at every open, and the file is locked for as long as it is open: two modules on one journal would give one
 * counter to two tokens.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import type { BaseDate } from '../../lib/identity/attributes.ts';
import { GENESIS_HASH } from '../ledger/chain.ts';
import { type ChainHead, verifyChain } from '../ledger/verify-chain.ts';
import { loadSqliteDriver, makeDurable } from '../sqlite-driver.ts';
import type { ChainEntry, JournalledEntry, ModuleCounters } from './contract.ts';
import { readKeyName } from './key-name.ts';

/** A module that was killed a moment ago may hold its lock until the system has cleaned up. */
const BUSY_TIMEOUT_MILLIS = 1000;
/** Entries at the end that every open verifies; the whole chain is the auditor's to verify. */
const TAIL = 1000;

/** Steps of the schema; `user_version` counts how many a file has had. A step, once released, is never edited. */
const STEP_1 = `
  CREATE TABLE module (id INTEGER PRIMARY KEY CHECK (id = 1), module_id TEXT NOT NULL) STRICT;
  CREATE TABLE entry (
    counter INTEGER PRIMARY KEY CHECK (counter > 0),
    sale_digest TEXT NOT NULL, token_digest TEXT NOT NULL,
    previous_hash TEXT NOT NULL, entry_hash TEXT NOT NULL, signature TEXT NOT NULL,
    meter_pan TEXT NOT NULL, tid_minutes INTEGER NOT NULL, base_date TEXT NOT NULL) STRICT;
  -- Heads taken over from the ledger after this file had lost its tail.
  CREATE TABLE adopted (
    counter INTEGER PRIMARY KEY CHECK (counter > 0),
    entry_hash TEXT NOT NULL, signature TEXT NOT NULL) STRICT;`;

/**
 * Sections of key changes carry no TID; entries from here on say what the token is; and what was made under each key is
 * counted. The row without a key counts what was made before, and what an adoption took over.
 */
const STEP_2 = `
  CREATE TABLE entry_2 (
    counter INTEGER PRIMARY KEY CHECK (counter > 0),
    sale_digest TEXT NOT NULL, token_digest TEXT NOT NULL,
    previous_hash TEXT NOT NULL, entry_hash TEXT NOT NULL, signature TEXT NOT NULL,
    meter_pan TEXT NOT NULL, tid_minutes INTEGER, base_date TEXT NOT NULL, statement TEXT NOT NULL) STRICT;
  INSERT INTO entry_2 SELECT *, '' FROM entry;
  DROP TABLE entry;
  ALTER TABLE entry_2 RENAME TO entry;
  CREATE TABLE counted (
    key_name TEXT NOT NULL, kind TEXT NOT NULL,
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    carried TEXT NOT NULL, -- passes 2^63 for money
    PRIMARY KEY (key_name, kind)) STRICT, WITHOUT ROWID;
  INSERT INTO counted SELECT '', '', max(
    coalesce((SELECT max(counter) FROM entry), 0), coalesce((SELECT max(counter) FROM adopted), 0)), '0';`;

const STEPS = [STEP_1, STEP_2];

const INSERT_ENTRY = 'INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_ADOPTED = 'INSERT INTO adopted VALUES (?, ?, ?)';
const SELECT_AFTER = 'SELECT * FROM entry WHERE counter > ? ORDER BY counter LIMIT ?';
const SELECT_HASH = `
  SELECT entry_hash FROM entry WHERE counter = @counter
  UNION ALL SELECT entry_hash FROM adopted WHERE counter = @counter`;
const SELECT_LAST = 'SELECT max(counter) AS counter FROM entry';
const SELECT_LAST_ADOPTED = 'SELECT counter, entry_hash FROM adopted ORDER BY counter DESC LIMIT 1';
const SELECT_COUNTED = 'SELECT key_name, kind, tokens, carried FROM counted ORDER BY key_name, kind';
const SET_COUNTED = `
  INSERT INTO counted VALUES (?, ?, ?, ?)
  ON CONFLICT (key_name, kind) DO UPDATE SET tokens = excluded.tokens, carried = excluded.carried`;

interface CountedRow {
  key_name: string;
  kind: string;
  tokens: number;
  carried: string;
}

export interface JournalEntryRow {
  counter: number;
  sale_digest: string;
  token_digest: string;
  previous_hash: string;
  entry_hash: string;
  signature: string;
  meter_pan: string;
  tid_minutes: number | null;
  base_date: string;
  statement: string;
}

/** One token for the counters of its key. */
export interface CountedToken {
  readonly keyName: string;
  readonly kind: string;
  /** What it adds to the sum of its kind. */
  readonly units: bigint;
}

export interface JournalOwner {
  readonly moduleId: string;
  /** SPKI DER, base64. */
  readonly publicKey: string;
}

export class ModuleJournal {
  readonly #database: Database;
  readonly #moduleId: string;
  readonly #insertEntry: Statement;
  readonly #insertAdopted: Statement;
  readonly #selectAfter: Statement;
  readonly #selectHash: Statement;
  readonly #setCounted: Statement;
  /** By key name and kind, as the file holds it. */
  #counted: ReadonlyMap<string, Sum>;
  #head: ChainHead;

  /** @throws StsFault `store_damaged` when the tail is no chain, `ledger_mismatch` for another module's journal. */
  constructor(database: Database, owner: JournalOwner) {
    this.#database = database;
    this.#moduleId = owner.moduleId;
    prepare(database, owner.moduleId);
    this.#insertEntry = database.prepare(INSERT_ENTRY);
    this.#insertAdopted = database.prepare(INSERT_ADOPTED);
    this.#selectAfter = database.prepare(SELECT_AFTER);
    this.#selectHash = database.prepare(SELECT_HASH).pluck();
    this.#setCounted = database.prepare(SET_COUNTED);
    this.#head = this.#verifyTail(owner);
    this.#counted = readCounted(database);
    const tokens = [...this.#counted.values()].reduce((sum, { tokens }) => sum + tokens, 0);
    if (tokens !== this.#head.counter) {
      throw new StsFault('store_damaged', `the module's journal counts ${tokens} of ${this.#head.counter}`);
    }
  }

  /** The last entry, or counter 0 and 64 zeros. */
  get head(): ChainHead {
    return this.#head;
  }

  /**
   * One transaction, durable when this returns.
   * @param counted - one for each entry.
   * @throws StsFault `store_unavailable`, `store_damaged`.
   */
  append(entries: readonly JournalledEntry[], counted: readonly CountedToken[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const sums = new Map<string, Sum>();
    for (const { keyName, kind, units } of counted) {
      const place = placeOf(keyName, kind);
      const { tokens, carried } = sums.get(place) ?? this.#counted.get(place) ?? NOTHING;
      sums.set(place, { keyName, kind, tokens: tokens + 1, carried: carried + units });
    }
    this.#commit(sums, () => {
      for (const entry of entries) this.#insertEntry.run(rowOf(entry));
    });
    this.#head = { counter: last.counter, entryHash: last.entryHash };
  }

  /** Takes over an entry of this module's that the ledger holds and this file has lost. The caller has verified it. */
  adopt({ counter, entryHash, signature }: ChainEntry): void {
    const before = this.#counted.get(placeOf('', '')) ?? NOTHING;
    const tokens = before.tokens + counter - this.#head.counter;
    this.#commit(new Map([[placeOf('', ''), { ...before, tokens }]]), () => {
      this.#insertAdopted.run(counter, entryHash, signature);
    });
    this.#head = { counter, entryHash };
  }

  counters(): ModuleCounters {
    const keys = [...this.#counted.values()].filter(({ keyName }) => keyName !== '');
    return {
      counter: this.#head.counter,
      keys: keys.map(({ keyName, kind, tokens, carried }) => {
        return { ...readKeyName(keyName), kind, tokens, carried: String(carried) };
      }),
      uncounted: this.#counted.get(placeOf('', ''))?.tokens ?? 0,
    };
  }

  #commit(sums: ReadonlyMap<string, Sum>, insert: () => void): void {
    guarded(() =>
      this.#database
        .transaction(() => {
          insert();
          for (const { keyName, kind, tokens, carried } of sums.values()) {
            this.#setCounted.run(keyName, kind, tokens, String(carried));
          }
        })
        .immediate(),
    );
    this.#counted = new Map([...this.#counted, ...sums]);
  }

  /** The entry hash at a counter; undefined where the file lost it before an adoption. */
  hashAt(counter: number): string | undefined {
    return guarded(() => this.#selectHash.get({ counter })) as string | undefined;
  }

  /** Entries above a counter in order; none stand in a gap that an adoption has closed. */
  entriesAfter(counter: number, limit: number): readonly JournalledEntry[] {
    const rows = guarded(() => this.#selectAfter.all(counter, limit)) as JournalEntryRow[];
    return rows.map((row) => entryOf(row, this.#moduleId));
  }

  /** A consistent copy as one file; what is appended meanwhile may be in it or not. */
  async copyTo(path: string): Promise<void> {
    try {
      await this.#database.backup(path);
    } catch (error) {
      throw journalFault(error);
    }
  }

  close(): void {
    this.#database.close();
  }

  #verifyTail(owner: JournalOwner): ChainHead {
    const last = guarded(() => this.#database.prepare(SELECT_LAST).get()) as { counter: number | null };
    const adopted = guarded(() => this.#database.prepare(SELECT_LAST_ADOPTED).get()) as
      | { counter: number; entry_hash: string }
      | undefined;
    const start = Math.max(0, (last.counter ?? 0) - TAIL, adopted?.counter ?? 0);
    const tail = this.entriesAfter(start, TAIL);
    // Where nothing stands before the tail, the verifier names the gap or the broken link.
    const after = { counter: start, entryHash: this.hashAt(start) ?? GENESIS_HASH };
    const [finding] = verifyChain(tail, { ...owner, after });
    if (finding !== undefined) {
      throw new StsFault(
        'store_damaged',
        `the module's journal at entry ${finding.counter}: ${finding.kind}`,
      );
    }
    const end = tail.at(-1);
    return end === undefined ? after : { counter: end.counter, entryHash: end.entryHash };
  }
}

/**
 * Opens or makes the journal.
 * @throws StsFault `store_driver_missing`, `store_in_use`, `store_newer`, `store_damaged`, `store_unavailable`,
 *   `ledger_mismatch`.
 */
export async function openModuleJournal(path: string, owner: JournalOwner): Promise<ModuleJournal> {
  const Driver = await loadSqliteDriver();
  let database: Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new Driver(path, { timeout: BUSY_TIMEOUT_MILLIS });
    return new ModuleJournal(database, owner);
  } catch (error) {
    database?.close();
    throw journalFault(error);
  }
}

/**
 * The module that a journal belongs to; undefined when there is none. It is only read, and no module may have it open.
 * @throws StsFault `store_driver_missing`, `store_in_use`, `store_damaged`.
 */
export async function readJournalOwner(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const Driver = await loadSqliteDriver();
  return guarded(() => {
    const database = new Driver(path, { readonly: true, timeout: BUSY_TIMEOUT_MILLIS });
    try {
      return database.prepare('SELECT module_id FROM module').pluck().get() as string | undefined;
    } finally {
      database.close();
    }
  });
}

/** What was made of one kind under one key. */
interface Sum {
  readonly keyName: string;
  readonly kind: string;
  readonly tokens: number;
  readonly carried: bigint;
}

const NOTHING: Sum = { keyName: '', kind: '', tokens: 0, carried: 0n };

function placeOf(keyName: string, kind: string): string {
  return `${keyName}|${kind}`;
}

function readCounted(database: Database): ReadonlyMap<string, Sum> {
  const rows = guarded(() => database.prepare(SELECT_COUNTED).all()) as CountedRow[];
  return new Map(
    rows.map(({ key_name: keyName, kind, tokens, carried }) => {
      if (!/^-?[0-9]+$/.test(carried)) throw new StsFault('store_damaged', "the module's journal: counters");
      return [placeOf(keyName, kind), { keyName, kind, tokens, carried: BigInt(carried) }];
    }),
  );
}

/** Lock, durability, schema and owner. */
function prepare(database: Database, moduleId: string): void {
  // Before WAL, so that the lock is taken with the first access and held until the process ends.
  database.pragma('locking_mode = EXCLUSIVE');
  makeDurable(database);
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > STEPS.length) throw new StsFault('store_newer', 'the journal of the security module');
  database
    .transaction(() => {
      for (const step of STEPS.slice(version)) database.exec(step);
      // An opening that is refused after this must leave the file as it was.
      if (version < STEPS.length) database.pragma(`user_version = ${STEPS.length}`);
      database.prepare('INSERT OR IGNORE INTO module VALUES (1, ?)').run(moduleId);
    })
    .exclusive();
  const owner = database.prepare('SELECT module_id FROM module').pluck().get();
  if (owner !== moduleId) throw new StsFault('ledger_mismatch', 'the journal belongs to another module');
}

function rowOf(entry: JournalledEntry): (string | number | null)[] {
  const { counter, saleDigest, tokenDigest, previousHash, entryHash, signature } = entry;
  const { meterPan, tidMinutes, baseDate, statement } = entry;
  return [
    counter,
    saleDigest,
    tokenDigest,
    previousHash,
    entryHash,
    signature,
    meterPan,
    tidMinutes,
    baseDate,
    statement,
  ];
}

export function entryOf(row: JournalEntryRow, moduleId: string): JournalledEntry {
  return {
    moduleId,
    counter: row.counter,
    saleDigest: row.sale_digest,
    tokenDigest: row.token_digest,
    previousHash: row.previous_hash,
    entryHash: row.entry_hash,
    signature: row.signature,
    meterPan: row.meter_pan,
    tidMinutes: row.tid_minutes,
    baseDate: row.base_date as BaseDate,
    statement: row.statement,
  };
}

function guarded<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw journalFault(error);
  }
}

/** SQLite's result code is told, its message is not: it could quote a row. */
export function journalFault(error: unknown): unknown {
  if (error instanceof StsFault || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return new StsFault('store_in_use', 'another security module runs');
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT|CONSTRAINT|SCHEMA|ERROR)/.test(code)) {
    return new StsFault('store_damaged', `the module's journal: ${code}`, { cause: error });
  }
  return new StsFault('store_unavailable', `the module's journal: ${code}`, { cause: error });
}
