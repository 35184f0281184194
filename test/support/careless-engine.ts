/**
 * Engines that take what must be refused, each in one way. The right answer comes from the adapter; where it is a refusal, a
 * careless engine tries to be helpful instead.
 */
import { AdapterSession } from '../../cli/conformance/adapter.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Reply extends Fields {
  readonly error?: { readonly code: string };
}

interface Carelessness {
  /** The clause that a report must blame. */
  readonly clause: string;
  /** @returns what the engine answers in the place of a refusal, undefined where it refuses as well. */
  readonly instead: (request: Fields, right: Reply, ask: (request: Fields) => Reply) => Reply | undefined;
}

/** Answers another request, when the first was refused by this name. */
function rather(code: string, change: (request: Fields) => Fields | undefined): Carelessness['instead'] {
  return (request, { error }, ask) => {
    const other = error?.code === code ? change(request) : undefined;
    return other === undefined ? undefined : ask({ ...request, ...other });
  };
}

/** Reads a token all the same, when reading found this. */
function readAll(result: string, isMeant: (right: Reply) => boolean = () => true): Carelessness['instead'] {
  return (_, right) =>
    right['result'] === result && isMeant(right) ? { ...right, result: 'ok' } : undefined;
}

const OK = { result: 'ok', class: 0, subclass: 0 };
const of = (value: unknown) => value as Fields;
const PUBLIC_PAN = '600727000000000009';

export const CARELESS_ENGINES: Readonly<Record<string, Carelessness>> = {
  'checksum not looked at': { clause: 'sts.md 3', instead: readAll('CRCError') },
  'class 3 read': {
    clause: 'sts.md 2.1',
    instead: readAll('FunctionError', (right) => right['class'] === 3),
  },
  'reserved credit read': {
    clause: 'sts.md 2.2',
    instead: readAll('FunctionError', (right) => right['class'] === 0),
  },
  'TI 153 read': {
    clause: 'sts.md 7.1',
    instead: readAll('FormatError', (right) => right['subclass'] === 4),
  },
  'SGC 1000000 read': {
    clause: 'sts.md 7.1',
    instead: readAll('FormatError', (right) => right['subclass'] === 8),
  },
  'digits made to fit': {
    clause: 'sts.md 4',
    instead: (_, { error }) => (error?.code === 'token_number_malformed' ? OK : undefined),
  },
  '67 bits cut to 66': {
    clause: 'sts.md 4',
    instead: (_, { error }) => (error?.code === 'token_number_too_large' ? OK : undefined),
  },
  'units wrapped': {
    clause: 'sts.md 2.3',
    instead: rather('amount_out_of_range', ({ subclass }) =>
      Number(subclass) < 4 ? { amount: '1' } : undefined,
    ),
  },
  'watts cut to the largest': {
    clause: 'sts.md 2.3',
    instead: rather('amount_out_of_range', ({ watts }) =>
      watts === undefined ? undefined : { watts: 18_201_624 },
    ),
  },
  'money cut to the largest': {
    clause: 'sts.md 2.4',
    instead: rather('amount_out_of_range', ({ subclass, class: tokenClass }) =>
      tokenClass === 0 && Number(subclass) > 3 ? { amount: '1' } : undefined,
    ),
  },
  'TID wrapped': {
    clause: 'sts.md 2.1',
    instead: rather('request_malformed', ({ tidMinutes }) =>
      Number(tidMinutes) >= 2 ** 24 ? { tidMinutes: 0 } : undefined,
    ),
  },
  'RND cut': {
    clause: 'sts.md 2.1',
    instead: rather('request_malformed', ({ rnd }) => (Number(rnd) > 15 ? { rnd: 0 } : undefined)),
  },
  'register cut to 16 bits': {
    clause: 'sts.md 2.6',
    instead: rather('request_malformed', ({ register }) =>
      register === 65_536 ? { register: 0 } : undefined,
    ),
  },
  'maker code beyond its digits': {
    clause: 'sts.md 2.5',
    instead: rather('request_malformed', ({ manufacturerCode }) =>
      Number(manufacturerCode) > 99 ? { manufacturerCode: 0 } : undefined,
    ),
  },
  'date before its base': {
    clause: 'sts.md 1.3',
    instead: rather('date_out_of_range', () => ({ issued: '2040-01-01T00:00', baseDate: '35' })),
  },
  'Luhn digits not looked at': {
    clause: 'sts.md 1.1',
    instead: rather('meter_number_check_digit', () => ({ meterPan: PUBLIC_PAN })),
  },
  'SGC of 5 digits': {
    clause: 'sts.md 1.2',
    instead: rather('supply_group_malformed', ({ op }) =>
      op === 'decoderKey' ? { supplyGroupCode: '020145' } : undefined,
    ),
  },
  'KRN 0 or 10': {
    clause: 'sts.md 1.2',
    instead: rather('request_malformed', ({ keyRevision }) =>
      [0, 10].includes(Number(keyRevision)) ? { keyRevision: 1 } : undefined,
    ),
  },
  'vending key of another length': {
    clause: 'sts.md 6.4',
    instead: rather('request_malformed', ({ dkga, vendingKey }) =>
      dkga === 4 && String(vendingKey).length !== 40 ? { vendingKey: 'ab'.repeat(20) } : undefined,
    ),
  },
  'KEN 256': {
    clause: 'sts.md 1.2',
    instead: rather('request_malformed', ({ keyExpiry }) =>
      keyExpiry === 256 ? { keyExpiry: 0 } : undefined,
    ),
  },
  'base date moved back': {
    clause: 'sts.md 10',
    instead: rather('request_malformed', ({ from, to }) =>
      from === undefined || of(from)['baseDate'] === of(to)['baseDate']
        ? undefined
        : { from: { ...of(from), baseDate: of(to)['baseDate'] } },
    ),
  },
  'key change between two meters': {
    clause: 'sts.md 7.1',
    instead: rather('request_malformed', ({ from, to }) =>
      from === undefined || of(from)['meterPan'] === of(to)['meterPan']
        ? undefined
        : { to: { ...of(to), meterPan: of(from)['meterPan'] } },
    ),
  },
  'key change from EA07 to EA11': {
    clause: 'sts.md 7.1',
    instead: rather('algorithm_not_supported', ({ from, to }) =>
      from === undefined || of(to)['encryptionAlgorithm'] !== 11
        ? undefined
        : { to: { ...of(to), encryptionAlgorithm: 7 } },
    ),
  },
  'third section without a key part for EA11': {
    clause: 'sts.md 7.1',
    instead: rather('request_malformed', ({ threeSections }) =>
      threeSections === true ? { threeSections: false } : undefined,
    ),
  },
};

/** Answers as the adapter does, but for one carelessness. */
export function carelessAnswer({ instead }: Carelessness): (request: Fields) => Reply {
  const session = new AdapterSession();
  const ask = (request: Fields) => JSON.parse(session.answerLine(JSON.stringify(request))) as Reply;
  return (request) => {
    const right = ask(request);
    return instead(request, right, ask) ?? right;
  };
}
