/** Calls of the server that the page came from: the cookie goes by itself, the CSRF token with every change. */

/** A refusal, as the server's fault table has it (RFC 9457). */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** `none`: nothing happened. `unknown`: it may have. */
  readonly outcome: 'none' | 'done' | 'unknown';

  constructor(status: number, problem: { code?: string; outcome?: string; title?: string; detail?: string }) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.code = problem.code ?? 'internal_error';
    this.outcome = problem.outcome === 'none' || problem.outcome === 'done' ? problem.outcome : 'unknown';
  }
}

/** No whole answer came: what was asked may have happened or not. */
export class NoAnswer extends Error {}

/** Whether nobody knows what became of what was asked. */
export function isUnknown(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof Refusal && error.outcome === 'unknown');
}

const WAIT_MILLIS = 40_000;

let csrfToken = '';

/** From the answer that opened or found the session. */
export function useCsrfToken(token: string): void {
  csrfToken = token;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** @throws Refusal, NoAnswer. */
export async function call<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const text = await fetchText(method, path, body);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new NoAnswer();
  }
}

/** As {@link call}, for answers that are no JSON. */
export async function fetchText(method: Method, path: string, body?: unknown): Promise<string> {
  let status: number;
  let text: string;
  try {
    const response = await send(method, path, body, AbortSignal.timeout(WAIT_MILLIS));
    status = response.status;
    text = await response.text();
  } catch {
    throw new NoAnswer();
  }
  if (status < 400) return text;
  throw new Refusal(status, problemOf(text));
}

/**
 * As {@link call}, for an answer of many lines of JSON, each of which is handed on as it comes; it may take its time.
 * @param signal - ends the reading.
 */
export async function callLines<T>(
  path: string,
  body: unknown,
  onLine: (line: T) => void,
  signal: AbortSignal,
): Promise<void> {
  let rest = '';
  try {
    const response = await send('POST', path, body, signal);
    if (response.status >= 400) throw new Refusal(response.status, problemOf(await response.text()));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
      const lines = (rest + piece.value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(JSON.parse(line) as T);
    }
  } catch (error) {
    throw error instanceof Refusal ? error : new NoAnswer();
  }
}

function send(method: Method, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  return fetch(path, {
    method,
    signal,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(method === 'GET' ? {} : { 'X-CSRF-Token': csrfToken }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function problemOf(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
