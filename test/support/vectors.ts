/** Reads a committed vector file, checked against its schema. */
import { readFileSync } from 'node:fs';
import { FILE_SCHEMAS, type SchemaName, type VectorTest } from '../vectors/schema.ts';

export const VECTOR_FILES = {
  des: 'block-cipher',
  misty1: 'block-cipher',
  sta: 'block-cipher',
  'meter-number': 'meter-number',
  'decoder-key': 'decoder-key',
  crc: 'crc',
  amount: 'amount',
  'currency-amount': 'currency-amount',
  'token-identifier': 'token-identifier',
  'token-number': 'token-number',
  'token-block': 'token-block',
  'token-fields': 'token-fields',
  'token-request': 'token-request',
  'token-refusal': 'token-refusal',
  'key-change': 'key-change',
  'key-change-rules': 'key-change',
  'key-change-refusal': 'key-change-refusal',
  'credit-electricity': 'credit-electricity',
  'meter-acceptance': 'meter',
  'meter-memory': 'meter',
  'meter-key-change': 'meter',
  'meter-lockout': 'meter',
} as const satisfies Record<string, SchemaName>;

export type VectorFileName = keyof typeof VECTOR_FILES;

export function readVectors<Name extends VectorFileName>(
  name: Name,
): { file: string; numberOfTests: number; tests: VectorTest<(typeof VECTOR_FILES)[Name]>[] } {
  const file = `${name}.json`;
  const text = readFileSync(new URL(`../../vectors/${file}`, import.meta.url), 'utf8');
  const parsed = FILE_SCHEMAS[VECTOR_FILES[name]].parse(JSON.parse(text));
  const tests = parsed.testGroups.flatMap((group) => group.tests);
  return { file, numberOfTests: parsed.numberOfTests, tests: tests as never };
}
