/**
 * Proves an export, line by line, with nothing but the module's public key: every hash, link and signature, every sale under
 * its digest, every cent, and that witnessed heads are still in it. Whatever is wrong becomes a finding with a name; nothing
 * in a file makes it throw.
 */
import { createHash } from 'node:crypto';
import { Books } from './books.ts';
import { ChainFollower } from './chain-follower.ts';
import { EXPORT_FORMAT, type Sums } from './export-lines.ts';
import {
  type ElsewhereLine,
  type EntryLine,
  type ExportLine,
  type HeaderLine,
  readExportLine,
  type TrailerLine,
} from './export-records.ts';
import { type Finding, type FindingKind, Findings } from './findings.ts';
import { SaleCheck } from './sale-check.ts';
import { readPublicKey } from './signature.ts';
import type { ChainHead } from './verify-chain.ts';
import { checkWitness, type Witness, type WitnessedHead } from './witness.ts';

export interface Expectation {
  /** SPKI DER in base64; the export's own when absent, and then only the witness says whose it is. */
  readonly publicKey?: string;
  readonly witnesses: readonly Witness[];
}

export interface UnreleasedEntry {
  readonly counter: number;
  readonly meterPan: string;
  readonly baseDate: string;
  readonly tidMinutes: number | null;
  readonly tokenDigest: string;
}

export interface LedgerReport {
  readonly verified: boolean;
  readonly moduleId: string;
  readonly publicKey: string;
  /** False when nobody but the export itself says whose key this is. */
  readonly publicKeyPinned: boolean;
  readonly entries: number;
  readonly released: number;
  /** Tokens that were made and never released, after a crash: each by name, at most 1,000 of them. */
  readonly unreleased: { readonly count: number; readonly named: readonly UnreleasedEntry[] };
  /** Sales of other modules' chains, by module: each is proved by that module's own export, and not by this one. */
  readonly elsewhere: Readonly<Record<string, number>>;
  readonly head: ChainHead;
  readonly sums: Sums;
  readonly witnessedHeads: number;
  readonly findings: readonly Finding[];
  readonly findingCounts: Readonly<Partial<Record<FindingKind, number>>>;
}

const UNRELEASED_NAMED = 1000;

export class ExportVerifier {
  readonly findings = new Findings();
  readonly #expected: Expectation;
  readonly #whole = createHash('sha256');
  readonly #sales = new SaleCheck(this.findings);
  readonly #books = new Books(this.findings);
  readonly #unreleased: UnreleasedEntry[] = [];
  readonly #witnessed = new Map<number, WitnessedHead[]>();
  readonly #counts = {
    entries: 0,
    released: 0,
    unreleased: 0,
    sales: 0,
    reversals: 0,
    deposits: 0,
    debts: 0,
    vendors: 0,
  };
  /** Sales of other modules, by module. */
  readonly #others = new Map<string, number>();
  #line = 0;
  #header: HeaderLine | undefined;
  #chain: ChainFollower | undefined;
  #trailer: { readonly record: TrailerLine; readonly sha256: string } | undefined;

  constructor(expected: Expectation) {
    this.#expected = expected;
    for (const witness of expected.witnesses) {
      for (const finding of checkWitness(witness)) this.findings.add(finding);
      for (const head of witness.heads) {
        this.#witnessed.set(head.counter, [...(this.#witnessed.get(head.counter) ?? []), head]);
      }
    }
  }

  /** True when the caller should `settle` before the next line. */
  get isBusy(): boolean {
    return this.#chain?.isBusy === true;
  }

  get entries(): number {
    return this.#counts.entries;
  }

  /** @param text - one line without its line feed. @returns the record in it, if there is one. */
  line(text: string): ExportLine | undefined {
    this.#line += 1;
    const record = readExportLine(text);
    if (this.#trailer !== undefined) this.#add('file_altered', 'stands behind the trailer');
    else if (record?.kind === 'trailer') this.#trailer = { record, sha256: this.#whole.digest('hex') };
    else this.#whole.update(text).update('\n');
    if (record === undefined) this.#add('line_malformed', 'is no line of an export');
    else if (this.#line === 1 && record.kind !== 'header') this.#add('line_malformed', 'expected the header');
    else this.#take(record);
    return record;
  }

  /** The last line had no line feed: it was cut. */
  cut(): void {
    this.#line += 1;
    this.#add('file_truncated', 'the last line is cut');
  }

  async settle(): Promise<void> {
    await this.#chain?.settle();
  }

  /** To be called after the last line. */
  async end(): Promise<LedgerReport> {
    await this.#chain?.end();
    this.#sales.end();
    const head = this.#chain?.head ?? { counter: 0, entryHash: '' };
    for (const [counter] of this.#witnessed) {
      const detail = 'was witnessed, and the ledger does not hold it';
      this.findings.add({ kind: 'witnessed_head_missing', counter, detail });
    }
    const sums = this.#books.end(this.#trailer !== undefined);
    this.#checkTrailer(head, sums);
    const { entries, released, unreleased } = this.#counts;
    const { publicKey } = this.#expected;
    return {
      verified: this.findings.total === 0,
      moduleId: this.#header?.moduleId ?? '',
      publicKey: publicKey ?? this.#header?.publicKey ?? '',
      publicKeyPinned: publicKey !== undefined || this.#expected.witnesses.length > 0,
      entries,
      released,
      unreleased: { count: unreleased, named: this.#unreleased },
      elsewhere: Object.fromEntries(this.#others),
      head,
      sums,
      witnessedHeads: this.#expected.witnesses.reduce((sum, { heads }) => sum + heads.length, 0),
      findings: [...this.findings.kept].sort((left, right) => (left.line ?? 0) - (right.line ?? 0)),
      findingCounts: this.findings.counts(),
    };
  }

  #take(record: ExportLine): void {
    switch (record.kind) {
      case 'header':
        if (this.#line === 1) this.#begin(record);
        else this.#add('line_malformed', 'is a second header');
        return;
      case 'reversal':
        this.#counts.reversals += 1;
        this.#books.reversal(record, this.#line);
        if (this.#counts.entries > 0) this.#add('line_malformed', 'stands behind the entries');
        return;
      case 'entry':
        this.#entry(record);
        return;
      case 'sale':
        this.#counts.sales += 1;
        this.#books.sale(record.sale, { line: this.#line });
        this.#add('sale_without_token', `sale ${record.sale.saleId}: no entry names it`);
        return;
      case 'elsewhere':
        this.#elsewhere(record);
        return;
      case 'deposit':
        this.#counts.deposits += 1;
        this.#books.deposit(record, this.#line);
        return;
      case 'debt':
        this.#counts.debts += 1;
        this.#books.debt(record, this.#line);
        return;
      case 'transfer':
        this.#books.unexplained(record, this.#line);
        return;
      case 'vendor':
        this.#counts.vendors += 1;
        this.#books.vendor(record, this.#line);
        return;
      case 'trailer':
        return;
    }
  }

  #begin(header: HeaderLine): void {
    this.#header = header;
    if (header.format !== EXPORT_FORMAT) this.#add('line_malformed', `the format is not ${EXPORT_FORMAT}`);
    const { publicKey, witnesses } = this.#expected;
    const pinned = [
      ...(publicKey === undefined ? [] : [publicKey]),
      ...witnesses.map((witness) => witness.publicKey),
    ];
    if (pinned.some((key) => key !== header.publicKey)) {
      this.#add('public_key_wrong', 'the export names another key than the one expected');
    }
    if (witnesses.some(({ moduleId }) => moduleId !== header.moduleId)) {
      this.#add('other_module', 'the witness is about another module');
    }
    const key = keyOf(pinned[0] ?? header.publicKey);
    if (key === undefined) this.#add('public_key_wrong', 'the header holds no public key');
    else this.#chain = new ChainFollower(header.moduleId, key, this.findings);
  }

  #entry(entry: EntryLine): void {
    const { counter, meterPan, baseDate, tidMinutes, tokenDigest, state, sale } = entry;
    this.#counts.entries += 1;
    this.#counts[state] += 1;
    this.#chain?.follow(entry, this.#line);
    this.#sales.entry(entry, this.#line);
    if (sale !== null) {
      this.#counts.sales += 1;
      this.#books.sale(sale, { counter, line: this.#line });
    }
    if (state === 'unreleased' && this.#unreleased.length < UNRELEASED_NAMED) {
      this.#unreleased.push({ counter, meterPan, baseDate, tidMinutes, tokenDigest });
    }
    for (const head of this.#witnessed.get(counter) ?? []) {
      if (head.entryHash === entry.entryHash) continue;
      const detail = `another entry stands where one was witnessed at ${head.witnessedAt}`;
      this.findings.add({ kind: 'witnessed_head_differs', counter, line: this.#line, detail });
    }
    this.#witnessed.delete(counter);
  }

  /** What it says of its own chain must be true there; that it is not of this one is all that shows here. */
  #elsewhere({ moduleId, sale }: ElsewhereLine): void {
    this.#others.set(moduleId, (this.#others.get(moduleId) ?? 0) + 1);
    this.#books.sale(sale, { line: this.#line });
    const place = (sale.answer?.ledger ?? {}) as { readonly moduleId?: unknown };
    if (moduleId !== this.#header?.moduleId && place.moduleId === moduleId) return;
    this.#add('sale_without_token', `sale ${sale.saleId}: its answer names no other module's chain`);
  }

  #checkTrailer(head: ChainHead, sums: Sums): void {
    if (this.#trailer === undefined) {
      this.#add('file_truncated', 'the export ends without its trailer');
      return;
    }
    const { record, sha256 } = this.#trailer;
    const wrong = Object.entries({ ...this.#counts, transfers: this.#books.transfers })
      .filter(([name, count]) => record[name as keyof TrailerLine] !== count)
      .map(([name]) => name);
    if ((record.elsewhere ?? 0) !== sumOf(this.#others)) wrong.push('elsewhere');
    if (JSON.stringify(record.sums) !== JSON.stringify(sums)) wrong.push('sums');
    const { counter, entryHash } = record.head;
    if (counter !== head.counter || (counter > 0 && entryHash !== head.entryHash)) wrong.push('head');
    if (wrong.length > 0) this.#add('trailer_wrong', `not those of the lines: ${wrong.join(', ')}`);
    if (record.sha256 !== sha256) this.#add('file_altered', 'the bytes are not those that were written');
  }

  #add(kind: FindingKind, detail: string): void {
    this.findings.add({ kind, line: this.#line, detail });
  }
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function keyOf(publicKey: string): ReturnType<typeof readPublicKey> | undefined {
  try {
    return readPublicKey(publicKey);
  } catch {
    return undefined;
  }
}
