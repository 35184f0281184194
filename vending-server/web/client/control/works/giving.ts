/**
 * What is given without money: it comes at once, or waits for a second person and is taken up by the same request again. What
 * waits is kept in the browser, so that it can be taken up tomorrow; it has no digits in it, for nothing is made yet.
 */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import type { Session } from '../../session.ts';
import type { GivenSale } from './sale-tokens.tsx';

export interface Asked {
  readonly approvalId: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What it is, in the words of when it was asked for. */
  readonly said: string;
}

export interface Giving {
  readonly sale: GivenSale | undefined;
  readonly waiting: readonly Asked[];
  /** @throws Refusal, NoAnswer. @returns whether it was given at once. */
  readonly give: (path: string, body: Readonly<Record<string, unknown>>, said: string) => Promise<boolean>;
  /** @throws Refusal, NoAnswer. */
  readonly takeUp: (asked: Asked) => Promise<void>;
  readonly forget: (asked: Asked) => void;
}

export function useGiving({ userId }: Session): Giving {
  const place = `wattoken.asked.${userId}`;
  const [sale, setSale] = useState<GivenSale | undefined>(undefined);
  const [waiting, setWaiting] = useState<readonly Asked[]>(() => read(place));
  const keep = (asked: readonly Asked[]) => {
    localStorage.setItem(place, JSON.stringify(asked));
    setWaiting(asked);
  };
  const forget = ({ approvalId }: Asked) =>
    keep(read(place).filter((asked) => asked.approvalId !== approvalId));
  return {
    sale,
    waiting,
    give: async (path, body, said) => {
      setSale(undefined);
      const answer = await call<GivenSale | { readonly approvalId: string }>('POST', path, body);
      if ('approvalId' in answer) {
        const { approvalId } = answer;
        keep([...read(place), { approvalId, path, body, said }]);
        return false;
      }
      setSale(answer);
      return true;
    },
    takeUp: async (asked) => {
      const { path, body, approvalId } = asked;
      setSale(await call<GivenSale>('POST', path, { ...body, approvalId }));
      forget(asked);
    },
    forget,
  };
}

function read(place: string): readonly Asked[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '[]');
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
