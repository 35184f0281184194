/** A key store with public test keys and the parts of a module on it; every file in a temporary folder of its own. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TID_MAX } from '../../../lib/token/tid.ts';
import type { Clock, Random } from '../../../vending-server/clock.ts';
import type {
  ChainEntry,
  IssuedTokens,
  IssueRequest,
  MeterKeyAttributes,
  SecurityModule,
} from '../../../vending-server/security-module/contract.ts';
import { type Content, unsealContent } from '../../../vending-server/security-module/key-content.ts';
import {
  addVendingKey,
  createKeyStore,
  type OpenKeyStore,
  openContent,
} from '../../../vending-server/security-module/key-store.ts';
import { ModuleCore } from '../../../vending-server/security-module/module.ts';
import {
  type ModuleJournal,
  openModuleJournal,
} from '../../../vending-server/security-module/module-journal.ts';
import { readSealedFile } from '../../../vending-server/security-module/sealed-file.ts';

export const PASSPHRASE = 'correct horse, public battery';

/** PUBLIC TEST KEY: vending key V2 of the official tests (STS 531-1); it protects nothing. */
export const V2_RECORD = {
  supplyGroupCode: '201457',
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
  keyExpiry: 255,
  activeFrom: '2014-01-01T00:00:00Z',
  issueUntil: '2045-01-01T00:00:00Z',
  vendingKey: 'abababababababab949494949494949401234567',
} as const;

/** Published meters under V2 with the decoder keys that STS 531-1 prints. */
export const OFFICIAL = [
  {
    drn: '11111111115',
    meterPan: '600727111111111153',
    encryptionAlgorithm: 11,
    decoderKey: '82d24a23ec8c89411b7afdb6bd33bba1',
  },
  {
    drn: '00000000000',
    meterPan: '600727000000000009',
    encryptionAlgorithm: 11,
    decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3',
  },
  {
    drn: '00000000000',
    meterPan: '600727000000000009',
    encryptionAlgorithm: 7,
    decoderKey: '87f3ecbb2e46b48f',
  },
] as const;

export const METER: MeterKeyAttributes = {
  meterPan: '600727111111111153',
  encryptionAlgorithm: 11,
  decoderKeyAlgorithm: 4,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
};

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** One electricity credit: what most tests ask of a module. */
export interface CreditRequest {
  readonly meter: MeterKeyAttributes;
  readonly tidMinutes: number;
  readonly amountDeciKwh: number;
  readonly saleDigest: string;
}

export interface IssuedCredit {
  readonly tokenNo: string;
  /** What the token really carries, 0.1 kWh. */
  readonly carriedDeciKwh: number;
  readonly entry: ChainEntry;
  readonly sealed: Promise<void>;
}

export function requestOfCredit({
  meter,
  tidMinutes,
  amountDeciKwh,
  saleDigest,
  ...rest
}: CreditRequest): IssueRequest {
  const token = { kind: 'creditElectricity', amountDeciKwh } as const;
  return { orders: [{ purpose: 'credit', meter, tidMinutes, token }], saleDigest, ...rest };
}

export async function issueCredit(module: SecurityModule, request: CreditRequest): Promise<IssuedCredit> {
  return creditOf(await module.issue(requestOfCredit(request)));
}

export function creditOf({ tokens, sealed }: Pick<IssuedTokens, 'tokens' | 'sealed'>): IssuedCredit {
  const [token] = tokens;
  if (token?.carried.kind !== 'creditElectricity' || token.tokenNo === null) throw new Error('no credit');
  const { tokenNo, carried, entry } = token;
  return { tokenNo, carriedDeciKwh: carried.amountDeciKwh, entry, sealed };
}

export function requestOf(number: number, more: Partial<CreditRequest> = {}): CreditRequest {
  return {
    meter: METER,
    tidMinutes: 6_000_000 + number,
    amountDeciKwh: 466,
    saleDigest: sha256(`sale ${number}`),
    ...more,
  };
}

export interface Folder {
  readonly path: string;
  readonly keyStorePath: string;
  readonly journalPath: string;
  readonly passphraseFile: string;
  remove(): void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'wattoken-module-'));
  const passphraseFile = join(path, 'passphrase');
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
  return {
    path,
    keyStorePath: join(path, 'key-store.json'),
    journalPath: join(path, 'module.sqlite'),
    passphraseFile,
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Key stores made before, by their records: scrypt is slow on purpose. */
const made = new Map<string, Uint8Array>();

/** A folder with a key store that holds these records; the module in it is the same each time. */
export function folderWithKeys(records: readonly unknown[] = [V2_RECORD]): Folder {
  const folder = temporaryFolder();
  const known = made.get(JSON.stringify(records));
  if (known !== undefined) {
    writeFileSync(folder.keyStorePath, known, { mode: 0o600 });
    return folder;
  }
  createKeyStore(folder.keyStorePath, PASSPHRASE);
  for (const record of records) addVendingKey(folder.keyStorePath, PASSPHRASE, record);
  made.set(JSON.stringify(records), readFileSync(folder.keyStorePath));
  return folder;
}

export class TestClock implements Clock {
  #now = Date.UTC(2026, 10, 21);

  now(): number {
    return this.#now;
  }

  set(iso: string): void {
    this.#now = Date.parse(iso);
  }
}

/** Bytes of a small generator (xorshift), so that a run can be repeated from its seed. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}

export interface TestModule {
  readonly core: ModuleCore;
  readonly journal: ModuleJournal;
  readonly clock: TestClock;
}

/** What the sealed files held that were opened before, by passphrase and text. */
const opened = new Map<string, Content>();

/** A key store as `openKeyStore` opens it, where opening is not what is tried: the same file is unsealed once. */
export function openKnownKeyStore(path: string, passphrase = PASSPHRASE): OpenKeyStore {
  const text = readSealedFile(path);
  const name = JSON.stringify([passphrase, text]);
  const content = opened.get(name) ?? unsealContent(text, passphrase);
  opened.set(name, content);
  return openContent(content);
}

/** The core in this process, on the folder's real key store and journal. */
export async function openCore(folder: Folder, tidWindowMinutes = TID_MAX): Promise<TestModule> {
  const keyStore = openKnownKeyStore(folder.keyStorePath);
  const journal = await openModuleJournal(folder.journalPath, keyStore);
  const clock = new TestClock();
  const random = new SeededRandom(7);
  return { core: new ModuleCore({ keyStore, journal, clock, random, tidWindowMinutes }), journal, clock };
}
