/**
 * Whose meter it is. The utility's people see it all; who sells sees enough to notice that it is the wrong meter, and nothing to
 * find anybody by.
 */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { CustomerRecord, SearchPlace } from '../store/customer-contract.ts';
import type { Vending } from './context.ts';
import { beginningsIn, wordsOf } from './customer-words.ts';

export type CustomerFields = Omit<CustomerRecord, 'meterPan' | 'updatedAt'>;

/** @throws StsFault of the meter's number, `meter_unknown`. */
export async function putCustomer(
  { store, clock }: Vending,
  meter: string,
  fields: CustomerFields,
): Promise<{ readonly customer: CustomerRecord; readonly created: boolean }> {
  const { meterPan } = parseMeterNumber(meter);
  const customer: CustomerRecord = { ...fields, meterPan, updatedAt: clock.now() };
  const result = await store.customers.put(customer, wordsOf(customer));
  if (result === 'meter_unknown') throw new StsFault('meter_unknown', undefined, { param: 'meter' });
  return { customer, created: result === 'created' };
}

/** @throws StsFault of the meter's number, `customer_unknown`. */
export async function findCustomer({ store }: Vending, meter: string): Promise<CustomerRecord> {
  const customer = await store.customers.find(parseMeterNumber(meter).meterPan);
  if (customer === undefined) throw new StsFault('customer_unknown', undefined, { param: 'meter' });
  return customer;
}

/** Nothing of him is left in the books afterwards. @throws StsFault of the meter's number, `customer_unknown`. */
export async function removeCustomer({ store }: Vending, meter: string): Promise<void> {
  if (await store.customers.remove(parseMeterNumber(meter).meterPan)) return;
  throw new StsFault('customer_unknown', undefined, { param: 'meter' });
}

/** What may be shown of a customer to whoever looks. */
export interface CustomerPicture {
  readonly name: string | null;
  readonly addressLines: readonly string[];
}

export interface FoundMeter extends CustomerPicture {
  readonly meterPan: string;
  readonly drn: string;
  /** null for those who sell. */
  readonly account: string | null;
  readonly locationReference: string | null;
  readonly reference: string | null;
}

export interface MeterSearch {
  readonly text: string;
  /** As the page before gave it. */
  readonly cursor?: string | undefined;
  readonly limit: number;
  /** For those who sell. */
  readonly isMasked: boolean;
}

/**
 * Meters by the beginnings of words of a name, an address, an account or another number; all of them must be met.
 * @throws StsFault `request_malformed` for a text without a word of three letters, or for another cursor than was given.
 */
export async function searchMeters(
  { store }: Vending,
  { text, cursor, limit, isMasked }: MeterSearch,
): Promise<{ readonly meters: readonly FoundMeter[]; readonly next: string | null }> {
  const beginnings = beginningsIn(text);
  if (beginnings === undefined) {
    throw new StsFault('request_malformed', 'one to six words, one of them with three letters', {
      param: 'text',
    });
  }
  const after = cursor === undefined ? null : placeOf(cursor, beginnings.length);
  const { found, next } = await store.customers.search({ beginnings, after, limit });
  return {
    meters: found.map(({ customer, drn }): FoundMeter => {
      const { meterPan, account, locationReference, reference } = customer;
      const { name, addressLines } = customer;
      return isMasked
        ? { meterPan, drn, ...maskedCustomer(customer), ...UNSAID }
        : { meterPan, drn, name, addressLines, account, locationReference, reference };
    }),
    next: next === null ? null : cursorOf(next),
  };
}

const UNSAID = { account: null, locationReference: null, reference: null } as const;
const MASKED_LINES = 2;

/** 'T**** M****' at 'Main Road': whoever knows the customer knows him by it, and whoever does not learns nobody's name. */
export function maskedCustomer({ name, addressLines }: CustomerPicture): CustomerPicture {
  return {
    name: name === null ? null : maskedName(name),
    addressLines: addressLines
      .map(withoutNumbers)
      .filter((line) => line !== '')
      .slice(0, MASKED_LINES),
  };
}

/** Always four stars: the length of a name is half of it. */
function maskedName(name: string): string {
  return name
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => `${Array.from(word)[0]}****`)
    .join(' ');
}

function withoutNumbers(line: string): string {
  return line
    .split(/[\s,;]+/)
    .filter((word) => word !== '' && !/\p{N}/u.test(word))
    .join(' ');
}

/** In the body of a request and of its answer alone: it holds a word of somebody. */
function cursorOf({ lead, word, meterPan }: SearchPlace): string {
  return Buffer.from(JSON.stringify([lead, word, meterPan])).toString('base64url');
}

function placeOf(cursor: string, beginnings: number): SearchPlace {
  try {
    const [lead, word, meterPan] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const isLead = Number.isInteger(lead) && (lead as number) >= 0 && (lead as number) < beginnings;
    if (isLead && isWord(word) && typeof meterPan === 'string' && /^[0-9]{18}$/.test(meterPan)) {
      return { lead: lead as number, word, meterPan };
    }
  } catch {
    // Not one of ours.
  }
  throw new StsFault('request_malformed', 'not a cursor of this search', { param: 'cursor' });
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[\p{L}\p{N}]{1,64}$/u.test(value);
}
