/** Callers of a server that may fail at any moment, and what they know of everything that they ever asked. */
import type { RandomStream } from '../../meter-sim/world/random.ts';
import { publicMeters } from './utility.ts';

export const CALLERS = 16;
export const FLOAT_MINOR = 100_000_000;
export const METERS = publicMeters(60);
export const VENDORS = ['north', 'east', 'south', 'west'] as const;

export interface Sale {
  readonly requestId: string;
  readonly vendorId: (typeof VENDORS)[number];
  readonly body: string;
  readonly paidMinor: number;
  readonly drn: string;
  answer?: string;
}

const RETRY_MILLIS = 10;

export class Traffic {
  readonly sales: Sale[] = [];
  readonly keys: Map<string, string>;
  readonly #random: RandomStream;
  /** Asked and not answered, or refused for now: to be asked again with the same id. */
  #open: Sale[] = [];
  /** Answers that say that it is over. */
  readonly refused: string[] = [];
  /** Answers that say to ask again, by code. */
  readonly retried = new Map<string, number>();
  #answered: () => void = () => undefined;
  differing = 0;

  constructor(keys: Map<string, string>, random: RandomStream) {
    this.keys = keys;
    this.#random = random;
  }

  get open(): number {
    return this.#open.length;
  }

  nextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  /** Sells with many callers at once until the server is gone or `enough` says so. */
  async run(url: string, enough: () => boolean): Promise<void> {
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        while (!enough()) {
          const sale = this.#open.shift() ?? this.#next();
          if (!(await this.#ask(url, sale))) return;
        }
      }),
    );
  }

  /** Asks again for everything that was asked: the answers must be the ones known, byte by byte. */
  async askAllAgain(url: string): Promise<number> {
    const all = [...this.sales];
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let sale = all.pop(); sale !== undefined; sale = all.pop()) await this.#ask(url, sale);
      }),
    );
    return this.sales.length;
  }

  #next(): Sale {
    const requestId = `r-${this.sales.length}`;
    const drn = METERS[Math.floor(this.#random.uniform() * METERS.length)]?.drn ?? '';
    const paidMinor = 100 + Math.floor(this.#random.uniform() * 5_000);
    const body = JSON.stringify({ requestId, meter: drn, paidMinor, currency: 'ZAR' });
    const vendorId = VENDORS[this.sales.length % VENDORS.length] ?? 'north';
    const sale: Sale = { requestId, vendorId, body, paidMinor, drn };
    this.sales.push(sale);
    return sale;
  }

  /** @returns false when the server is gone; the sale then waits for the next one. */
  async #ask(url: string, sale: Sale): Promise<boolean> {
    try {
      const reply = await fetch(`${url}/v1/sales`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.keys.get(sale.vendorId)}`,
          'content-type': 'application/json',
        },
        body: sale.body,
      });
      const text = await reply.text();
      this.#answered();
      if (reply.status === 201) {
        if (sale.answer !== undefined && sale.answer !== text) this.differing += 1;
        sale.answer = text;
      } else {
        await this.#refusedWith(text, sale);
      }
      return true;
    } catch {
      this.#open.push(sale);
      return false;
    }
  }

  async #refusedWith(text: string, sale: Sale): Promise<void> {
    const { code, retry } = JSON.parse(text);
    if (retry === 'never') {
      this.refused.push(text);
      return;
    }
    this.retried.set(code, (this.retried.get(code) ?? 0) + 1);
    this.#open.push(sale);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLIS));
  }
}
