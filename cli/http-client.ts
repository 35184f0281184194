/** One JSON request to a server or a meter; problem documents come back as the faults they are. */
import { FAULTS, type FaultCode, StsFault } from '../lib/faults.ts';

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Where the server or meter listens, as it was given on the command line. */
  readonly base: string;
  readonly path: string;
  readonly body?: object;
  readonly apiKey?: string;
  /** The fault when nobody answers. */
  readonly unreachable: Extract<FaultCode, 'server_unreachable' | 'meter_unreachable'>;
}

const TIMEOUT_MILLIS = 30_000;

/** @throws StsFault with the code of the problem document, or the request's own `unreachable`. */
export async function requestJson(request: JsonRequest): Promise<unknown> {
  const response = await send(request);
  let answer: unknown;
  try {
    answer = await response.json();
  } catch (cause) {
    throw new StsFault(request.unreachable, `${request.base} answers, but not as Wattoken does`, {
      cause,
    });
  }
  if (response.ok) return answer;
  throw faultOf(answer, request);
}

async function send({ method, base, path, body, apiKey, unreachable }: JsonRequest): Promise<Response> {
  if (!URL.canParse(path, base))
    throw new StsFault('usage', `"${base}" is no address such as http://127.0.0.1:8080`);
  try {
    return await fetch(new URL(path, base), {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MILLIS),
    });
  } catch (cause) {
    throw new StsFault(unreachable, base, { cause });
  }
}

function faultOf(answer: unknown, request: JsonRequest): StsFault {
  const { code, detail, param } = (answer ?? {}) as Record<string, unknown>;
  if (typeof code !== 'string' || !(code in FAULTS)) {
    return new StsFault(request.unreachable, `${request.base} answers, but not as Wattoken does`);
  }
  const known = code as FaultCode;
  const text = `${FAULTS[known].text}: `;
  const more = typeof detail === 'string' && detail.startsWith(text) ? detail.slice(text.length) : undefined;
  return new StsFault(known, more, typeof param === 'string' ? { param } : {});
}
