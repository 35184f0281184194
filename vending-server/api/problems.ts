/** What an error that reached the door is told as: always a fault of the table, never a stack or a quoted body. */
import { isStsFault, StsFault } from '../../lib/faults.ts';

/** Longest text about somebody else's input that goes into an answer. */
const DETAIL_LENGTH = 160;

/** Errors of the body parser and of Express, by their `type`. */
const BY_TYPE: Readonly<Record<string, 'request_too_large' | 'media_type_unsupported'>> = {
  'entity.too.large': 'request_too_large',
  'encoding.unsupported': 'media_type_unsupported',
  'charset.unsupported': 'media_type_unsupported',
};

/** @returns the fault for a known error of the input, or the error as it is. */
export function inputFault(error: unknown): unknown {
  if (isStsFault(error) || !(error instanceof Error)) return error;
  const { type, status } = error as Error & { type?: unknown; status?: unknown };
  if (typeof type === 'string' && type in BY_TYPE) {
    return new StsFault(BY_TYPE[type] ?? 'request_malformed', undefined, { cause: error });
  }
  // Express and its parser mark what the client did wrong with a 4xx; the message may quote the body and stays here.
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const detail = type === 'entity.parse.failed' ? 'the body is not JSON' : undefined;
    return new StsFault('request_malformed', detail, { cause: error });
  }
  return error;
}

interface Issue {
  readonly message: string;
  readonly path: readonly PropertyKey[];
}

/** The first thing that a schema found wrong, with the field it is about. */
export function schemaFault(issues: readonly Issue[]): StsFault {
  const [issue] = issues;
  const field = issue?.path.map(String).join('.') ?? '';
  const detail = issue?.message.slice(0, DETAIL_LENGTH);
  return new StsFault('request_malformed', detail, field === '' ? {} : { param: field });
}
