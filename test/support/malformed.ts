/**
 * Makes requests that an OpenAPI document does not allow, from the document itself. Nothing here knows a route or a field:
 * what the document promises to refuse is what is tried.
 */
import type { Draw } from './chance.ts';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
}

export interface Operation {
  readonly path: string;
  readonly method: string;
  readonly needsKey: boolean;
  readonly body: Schema | undefined;
  /** Fault codes by status, as the document lists them. */
  readonly refusals: ReadonlyMap<number, readonly string[]>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
}
interface DocumentedOperation {
  readonly security?: readonly unknown[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security = [], requestBody, responses }]) => ({
      path,
      method: method.toUpperCase(),
      needsKey: security.length > 0,
      body: requestBody?.content['application/json']?.schema,
      refusals: new Map(
        Object.entries(responses)
          .filter(([status]) => Number(status) >= 400)
          .map(([status, { description }]) => [Number(status), description.split(', ')]),
      ),
    })),
  );
}

function typesOf(schema: Schema): readonly string[] {
  if (schema.type === undefined) return [];
  return typeof schema.type === 'string' ? [schema.type] : schema.type;
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz';

/** A value that the schema allows, or comes near to; patterns that are not guessed get a word of letters. */
export function valueFor(schema: Schema, draw: Draw): unknown {
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return valueFor(choices[draw(choices.length)] ?? {}, draw);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[draw(schema.enum.length)];
  const [type] = typesOf(schema);
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => schema.required?.includes(name) || draw(2) === 0)
          .map(([name, of]) => [name, valueFor(of, draw)]),
      );
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, 1) }, () =>
        valueFor(schema.items ?? {}, draw),
      );
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, 0) + draw(3);
    case 'boolean':
      return draw(2) === 0;
    case 'null':
      return null;
    default:
      return textOf(schema, draw);
  }
}

function textOf({ pattern, minLength = 1 }: Schema, draw: Draw): string {
  const word = Array.from({ length: Math.max(minLength, 4) }, () => LETTERS[draw(LETTERS.length)]).join('');
  const samples = [
    word,
    'ZAR',
    '0.15',
    '1',
    '123456',
    '0'.repeat(64),
    '2030-01-01T00:00:00Z',
    word.toUpperCase(),
  ];
  if (pattern === undefined) return word;
  return samples.find((sample) => new RegExp(pattern, 'u').test(sample)) ?? word;
}

/** A value that the schema forbids, whatever stands around it; undefined where it forbids nothing that we know of. */
export function wrongValueFor(
  schema: Schema,
  draw: Draw,
): { readonly value: unknown; readonly why: string } | undefined {
  const wrong: [unknown, string][] = [];
  const types = typesOf(schema);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    const all = choices.flatMap((choice) => (choice.const === undefined ? typesOf(choice) : ['string']));
    if (all.length === choices.length) wrong.push(...ofOtherTypes(all));
  }
  if (types.length > 0) wrong.push(...ofOtherTypes(types));
  if (schema.const !== undefined || schema.enum !== undefined)
    wrong.push(['no such word', 'enum'], [{}, 'enum']);
  if (types.includes('integer') || types.includes('number')) {
    if (schema.minimum !== undefined) wrong.push([schema.minimum - 1, 'below the minimum']);
    if (schema.maximum !== undefined) wrong.push([schema.maximum + 1, 'above the maximum']);
    wrong.push([-1e300, 'huge and negative']);
    if (types.includes('integer')) wrong.push([0.5, 'a fraction'], [1e300, 'huge'], [2 ** 53, 'past 2^53']);
  }
  if (types.length === 1 && types[0] === 'string') wrong.push(...wrongTexts(schema, draw));
  if (types.includes('array') && schema.maxItems !== undefined) {
    wrong.push([Array.from({ length: schema.maxItems + 1 }, () => null), 'too many items']);
  }
  const [value, why] = wrong[draw(Math.max(wrong.length, 1))] ?? [];
  return why === undefined ? undefined : { value, why };
}

const SAMPLES: readonly [type: string, value: unknown][] = [
  ['string', 'text'],
  ['integer', 7],
  ['boolean', true],
  ['null', null],
  ['array', []],
  ['object', {}],
];

function ofOtherTypes(types: readonly string[]): [unknown, string][] {
  return SAMPLES.filter(
    ([type]) => !types.includes(type) && !(type === 'integer' && types.includes('number')),
  ).map(([type, value]) => [value, `${type} for ${types.join(' or ')}`]);
}

function wrongTexts(
  { pattern, minLength = 0, maxLength, enum: words }: Schema,
  draw: Draw,
): [unknown, string][] {
  const odd = [
    '',
    '\u0000',
    '\ud800',
    '😀'.repeat(40),
    "'; DROP TABLE sale;--",
    '../../etc/passwd',
    ' ',
    '１２３',
    '\r\nX: y',
    'a'.repeat(5000),
  ];
  const fits = (text: string) =>
    (pattern === undefined || new RegExp(pattern, 'u').test(text)) &&
    text.length >= minLength &&
    text.length <= (maxLength ?? Number.POSITIVE_INFINITY) &&
    (words === undefined || words.includes(text));
  // A text with neither pattern nor bounds may be anything.
  return odd
    .filter((text) => !fits(text))
    .map((text) => [text, `text ${JSON.stringify(text).slice(0, 20)} ${draw(10)}`]);
}

export interface Malformed {
  readonly body: string | Buffer;
  readonly why: string;
}

/** A body that the schema does not allow, made from one that it nearly does. */
export function malformedBody(schema: Schema, draw: Draw): Malformed {
  const good = valueFor(schema, draw) as Record<string, unknown>;
  switch (draw(8)) {
    case 0: {
      const text = JSON.stringify(good);
      const end = draw(text.length);
      return { body: text.slice(0, end), why: 'a JSON that ends too early' };
    }
    case 1: {
      const required = requiredOf(schema, good);
      const gone = required[draw(Math.max(required.length, 1))];
      if (gone === undefined) break;
      const { [gone]: _gone, ...rest } = good;
      return { body: JSON.stringify(rest), why: `no ${gone}` };
    }
    case 2: {
      const extra = ['__proto__', 'constructor', 'x', 'Ω', '', 'a'.repeat(300)][draw(6)] ?? 'x';
      const text = JSON.stringify(good);
      return {
        body: `{${JSON.stringify(extra)}:1${text === '{}' ? '' : ','}${text.slice(1)}`,
        why: 'a field too many',
      };
    }
    case 3: {
      const bodies = [
        '',
        'null',
        '[]',
        '"text"',
        '42',
        'true',
        '{]',
        '{"a":1}{"b":2}',
        '\u0000',
        `${'['.repeat(9000)}`,
      ];
      return { body: bodies[draw(bodies.length)] ?? '', why: 'no object at all' };
    }
    case 4:
      return { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, draw(256), 0x7d]), why: 'bytes that are no UTF-8' };
    default:
      break;
  }
  return { body: JSON.stringify(spoil(schema, good, draw) ?? [good]), why: 'a wrong value' };
}

function requiredOf(schema: Schema, good: Record<string, unknown>): readonly string[] {
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices === undefined) return schema.required ?? [];
  const fits = ({ properties = {} }: Schema) =>
    Object.entries(good).every(([name, value]) => {
      const of = properties[name];
      // Two choices may have the same names; the word that tells them apart is a constant.
      return of !== undefined && (of.const ?? value) === value && (of.enum ?? [value]).includes(value);
    });
  return choices.find(fits)?.required ?? [];
}

/** The value with one place in it made wrong, at any depth; undefined where no place could be. */
function spoil(schema: Schema, good: unknown, draw: Draw): unknown {
  const { properties } = schema;
  if (properties === undefined || typeof good !== 'object' || good === null || draw(8) === 0) {
    return wrongValueFor(schema, draw)?.value;
  }
  const names = Object.keys(properties);
  const name = names[draw(names.length)] ?? '';
  const of = properties[name] ?? {};
  const inner = (good as Record<string, unknown>)[name];
  const wrong = spoil(of, inner, draw);
  return wrong === undefined ? undefined : { ...good, [name]: wrong };
}
