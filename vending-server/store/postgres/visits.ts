/** Visits of customers and what they have chosen, on PostgreSQL. */
import {
  choiceOf,
  type LowBalanceChoice,
  type VisitRecord,
  type VisitStore,
  visitOf,
} from '../visit-contract.ts';
import type { PostgresAccess } from './access.ts';

export class PostgresVisits implements VisitStore {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  async open(visit: VisitRecord, endsHash: string | null): Promise<void> {
    const { visitHash, meterPan, saleId, soldAt, openedAt, endsAt } = visit;
    const values = [visitHash, meterPan, saleId, soldAt, openedAt, endsAt, endsHash];
    await this.#access.query('openVisit', values);
  }

  async find(visitHash: string): Promise<VisitRecord | undefined> {
    const [row] = await this.#access.query('findVisit', [visitHash]);
    return row && visitOf(row);
  }

  async end(visitHash: string): Promise<void> {
    await this.#access.query('endVisit', [visitHash]);
  }

  async heldSince(meterPan: string): Promise<number> {
    const [row] = await this.#access.query('heldSince', [meterPan]);
    return row?.since ?? 0;
  }

  async saleOfReceipt(modulePrefix: string, counter: number): Promise<string | undefined> {
    const [row] = await this.#access.query('saleOfReceipt', [modulePrefix, counter]);
    return row?.sale_id;
  }

  async putChoice(choice: LowBalanceChoice): Promise<void> {
    const { meterPan, isTold, belowDeciKwh, channel, target, language, byDay, changedAt } = choice;
    const values = [meterPan, isTold, belowDeciKwh, channel, target, language, byDay, changedAt];
    await this.#access.query('putChoice', values);
  }

  async findChoice(meterPan: string): Promise<LowBalanceChoice | undefined> {
    const [row] = await this.#access.query('findChoice', [meterPan]);
    return row && choiceOf(row);
  }

  async tellLowBalance({ meterPan, requestId, at, pauseFrom }: Parameters<VisitStore['tellLowBalance']>[0]) {
    return (await this.#access.query('tellLowBalance', [meterPan, requestId, at, pauseFrom])).length === 1;
  }
}
