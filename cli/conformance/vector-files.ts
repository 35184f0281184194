/** The vector files of this package, as the cases read them; a test of the repository proves their shape. */
import { existsSync, readFileSync } from 'node:fs';
import { StsFault } from '../../lib/faults.ts';

/** The members that every test has. */
export interface VectorTest {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid';
  /** The fault's name on an invalid test, or `RangeError` or `TypeError` of an argument. */
  readonly fault?: string;
  readonly argument?: string;
}

export interface VectorGroup<Test extends VectorTest> {
  readonly clause: string;
  readonly source: { readonly name: string; readonly version: string; readonly trust: string };
  readonly tests: readonly Test[];
}

export interface VectorFile<Test extends VectorTest = VectorTest> {
  readonly algorithm: string;
  readonly numberOfTests: number;
  readonly notes: Readonly<Record<string, { readonly description: string }>>;
  readonly testGroups: readonly VectorGroup<Test>[];
}

export interface KeyAttributes {
  readonly decoderKeyAlgorithm: number;
  readonly encryptionAlgorithm: number;
  readonly vendingKey: string;
  readonly meterPan: string;
  readonly supplyGroupCode: string;
  readonly tariffIndex: number;
  readonly keyRevision: number;
  readonly keyType: number;
  readonly baseDate: string;
}

export interface BlockTest extends VectorTest {
  readonly key: string;
  readonly msg: string;
  readonly ct: string;
}

export interface DecoderKeyTest extends VectorTest, KeyAttributes {
  readonly decoderKey?: string;
}

export interface CurrencyTest extends VectorTest {
  readonly amountHundredThousandth: string;
  readonly signAndExponent?: string;
  readonly field?: string;
}

export interface AmountTest extends VectorTest {
  readonly units: number;
  readonly field?: string;
}

export interface TidTest extends VectorTest {
  readonly issued: string;
  readonly baseDate: string;
  readonly lastTidMinutes?: number;
  readonly tidMinutes?: number;
}

export interface CrcTest extends VectorTest {
  readonly kind: 'crc' | 'crcC';
  readonly msg: string;
  readonly crc: string;
}

export interface MeterNumberTest extends VectorTest {
  readonly text: string;
}

export interface TokenBlockTest extends VectorTest {
  readonly encryptionAlgorithm: number;
  readonly decoderKey?: string;
  readonly tokenClass: number;
  readonly block: string;
  readonly token66: string;
  readonly tokenNo: string;
}

export interface TokenFieldsTest extends VectorTest {
  readonly encryptionAlgorithm: number;
  readonly decoderKey?: string;
  readonly token: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly block: string;
  readonly tokenNo: string;
}

export interface TokenNumberTest extends VectorTest {
  readonly text: string;
}

export interface TokenRefusalTest extends VectorTest {
  readonly encryptionAlgorithm: number;
  readonly decoderKey?: string;
  readonly tokenNo: string;
  readonly outcome: 'crcError' | 'malformed' | 'unsupported';
}

export interface TokenRequestTest extends VectorTest {
  readonly encryptionAlgorithm: number;
  readonly decoderKey?: string;
  readonly request: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly tokenClass?: number;
  readonly block?: string;
  readonly token66?: string;
  readonly tokenNo?: string;
}

export interface KeyChangeRefusalTest extends VectorTest {
  readonly from: KeyAttributes;
  readonly to: KeyAttributes;
  readonly keyExpiry: number;
  readonly threeSections: boolean;
}

export interface KeyChangeTest extends VectorTest {
  readonly from: KeyAttributes & { readonly decoderKey: string };
  readonly to: KeyAttributes & { readonly decoderKey: string };
  readonly keyExpiry: number;
  readonly rollOver: boolean;
  readonly threeSections: boolean;
  readonly tokens: readonly { readonly block: string; readonly tokenNo: string }[];
}

export interface CreditTest extends VectorTest, KeyAttributes {
  readonly decoderKey: string;
  readonly issued: string;
  readonly rnd: number;
  readonly amount: string;
  readonly block: string;
  readonly token66: string;
  readonly tokenNo: string;
}

export interface MeterTest extends VectorTest {
  /** The fields of `meterNew`. */
  readonly meter: Readonly<Record<string, unknown>>;
  readonly steps: readonly {
    readonly comment?: string;
    readonly at: number;
    readonly tokenNo: string;
    readonly clause?: string;
    /** Flags whose assumption decides this step; the file's notes tell what is assumed. */
    readonly assumes?: readonly string[];
    readonly result: string;
    readonly credit: Readonly<Record<string, string>>;
    readonly state: Readonly<Record<string, unknown>>;
  }[];
}

/** Every file in `vectors/`, in the order in which a token is made. */
export const VECTOR_FILE_NAMES = [
  'des',
  'misty1',
  'sta',
  'meter-number',
  'decoder-key',
  'crc',
  'amount',
  'currency-amount',
  'token-identifier',
  'token-number',
  'token-block',
  'token-fields',
  'token-request',
  'token-refusal',
  'key-change',
  'key-change-rules',
  'key-change-refusal',
  'credit-electricity',
  'meter-acceptance',
  'meter-memory',
  'meter-key-change',
  'meter-lockout',
] as const;

export type VectorFileName = (typeof VECTOR_FILE_NAMES)[number];

/** @throws StsFault `file_unreadable` when the package is not whole. */
export function readVectorFile<Test extends VectorTest>(name: VectorFileName): VectorFile<Test> {
  // Two levels up from the sources, three from dist/.
  for (const up of ['../../', '../../../']) {
    const url = new URL(`${up}vectors/${name}.json`, import.meta.url);
    if (!existsSync(url)) continue;
    try {
      return JSON.parse(readFileSync(url, 'utf8')) as VectorFile<Test>;
    } catch (cause) {
      throw new StsFault('file_unreadable', `vectors/${name}.json`, { cause });
    }
  }
  throw new StsFault('file_unreadable', `vectors/${name}.json is not in this package`);
}

export interface GroupedTest<Test extends VectorTest> {
  readonly file: string;
  readonly clause: string;
  readonly trust: string;
  readonly test: Test;
}

/** All tests of a file, each with what its group says. */
export function testsOf<Test extends VectorTest>(name: VectorFileName): GroupedTest<Test>[] {
  return readVectorFile<Test>(name).testGroups.flatMap(({ clause, source, tests }) =>
    tests.map((test) => ({ file: name, clause, trust: source.trust, test })),
  );
}
