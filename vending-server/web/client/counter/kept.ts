/** What this till remembers by itself: its name, its shift, and a sale of which nobody knows yet what became. No token. */
import type { SaleOrder } from './answers.ts';

const TILL = 'wattoken.till';

/** The name of this till: made once, kept by the browser. */
export function tillOf(): string {
  const kept = localStorage.getItem(TILL);
  if (kept !== null && /^[A-Za-z0-9._-]{1,64}$/.test(kept)) return kept;
  const made = `till-${crypto.randomUUID().slice(0, 8)}`;
  localStorage.setItem(TILL, made);
  return made;
}

export interface Kept<T> {
  read(): T | undefined;
  keep(value: T): void;
  forget(): void;
}

function keptAt<T>(name: string, isValue: (value: T) => boolean): Kept<T> {
  return {
    read: () => {
      try {
        const value = JSON.parse(localStorage.getItem(name) ?? 'null') as T | null;
        return value !== null && isValue(value) ? value : undefined;
      } catch {
        return undefined;
      }
    },
    keep: (value) => localStorage.setItem(name, JSON.stringify(value)),
    forget: () => localStorage.removeItem(name),
  };
}

export function pendingOrder(vendorId: string): Kept<SaleOrder> {
  return keptAt(`wattoken.pending.${vendorId}`, ({ requestId, meter, paidMinor }) => {
    return typeof requestId === 'string' && typeof meter === 'string' && Number.isSafeInteger(paidMinor);
  });
}

export function shiftAtTill(vendorId: string): Kept<string> {
  return keptAt(`wattoken.shift.${vendorId}`, (shiftId) => typeof shiftId === 'string');
}
