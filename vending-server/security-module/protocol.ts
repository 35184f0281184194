/**
 * What crosses between the server's process and the security module's: questions and tokens, never a key. A fault crosses
 * as its code, detail and param; causes and stacks stay where they were thrown.
 *
 * Of a batch the module sends `issued` as soon as it is signed and `sealed` when its journal is durable.
 */
import { FAULTS, isStsFault, StsFault } from '../../lib/faults.ts';
import type { ChainEntry, IssuedToken, IssueRequest, ModuleIdentity, VerifyRequest } from './contract.ts';

export interface WireFault {
  readonly code: string;
  readonly detail?: string;
  readonly param?: string;
}

export type Question =
  | { readonly ask: 'identity' }
  | { readonly ask: 'vendingKeys' }
  | { readonly ask: 'counters' }
  | { readonly ask: 'verify'; readonly request: VerifyRequest }
  | { readonly ask: 'entriesAfter'; readonly counter: number; readonly limit: number }
  | { readonly ask: 'reconcile'; readonly lastSigned: ChainEntry }
  | { readonly ask: 'copyJournal'; readonly path: string };

export type ToModule =
  | { readonly kind: 'issue'; readonly batch: number; readonly requests: readonly IssueRequest[] }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question };

export type WireResult =
  | { readonly issued: { readonly tokens: readonly IssuedToken[] } }
  | { readonly fault: WireFault };

export type FromModule =
  | { readonly kind: 'ready'; readonly identity: ModuleIdentity }
  | { readonly kind: 'failed'; readonly fault: WireFault }
  | { readonly kind: 'issued'; readonly batch: number; readonly results: readonly WireResult[] }
  | { readonly kind: 'sealed'; readonly batch: number; readonly fault?: WireFault }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly fault: WireFault };

/** An error that is no fault of the table becomes `internal_error` and loses its text: it may quote a secret. */
export function faultToWire(error: unknown): WireFault {
  if (!isStsFault(error)) return { code: 'internal_error' };
  const { code, param, message } = error;
  const detail = message.slice(FAULTS[code].text.length + 2);
  return { code, ...(detail === '' ? {} : { detail }), ...(param === undefined ? {} : { param }) };
}

export function faultFromWire({ code, detail, param }: WireFault): StsFault {
  if (!isFaultCode(code)) return new StsFault('internal_error');
  return new StsFault(code, detail, param === undefined ? {} : { param });
}

function isFaultCode(code: string): code is keyof typeof FAULTS {
  return Object.hasOwn(FAULTS, code);
}
