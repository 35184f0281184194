/** Approvals in SQLite. What was approved happens in the same commit as the decision, so that it happens exactly once. */
import type { Statement } from 'better-sqlite3';
import type { DepositResult, PutResult } from '../contract.ts';
import type {
  ApprovalEffect,
  ApprovalRecord,
  ApprovalRequest,
  ApprovalState,
  ApprovalStore,
  DecideResult,
  Decision,
  EffectResult,
  UseResult,
} from '../people-contract.ts';
import { type ApprovalRow, approvalOf, isRefused } from '../people-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';
import type { SqliteAdvice } from './advice.ts';
import type { SqliteMoney } from './money.ts';
import type { SqlitePeople } from './people.ts';

const COLUMNS = `approval_id, kind, payload, payload_hash, request_key, vendor_id, reason, requested_by, requested_at,
  expires_at, state, decided_by, decided_at, note, used_by, result`;

const SQL = {
  add: `INSERT INTO approval (approval_id, kind, payload, payload_hash, request_key, vendor_id, reason, requested_by,
      requested_at, expires_at, state, note, result)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', '', '')`,
  find: `SELECT ${COLUMNS} FROM approval WHERE approval_id = ?`,
  findOpen: `SELECT ${COLUMNS} FROM approval WHERE request_key = ? AND state IN ('pending', 'approved')`,
  expire: `UPDATE approval SET state = 'expired' WHERE approval_id = ? AND state = 'pending'`,
  withdraw: `UPDATE approval SET state = 'rejected', note = 'not used in time' WHERE approval_id = ? AND state = 'approved'`,
  page: `SELECT ${COLUMNS} FROM approval WHERE approval_id < ? ORDER BY approval_id DESC LIMIT ?`,
  pageOfState: `SELECT ${COLUMNS} FROM approval WHERE state = ? AND approval_id < ? ORDER BY approval_id DESC LIMIT ?`,
  decide: `UPDATE approval SET state = ?, decided_by = ?, decided_at = ?, note = ?, result = ?
    WHERE approval_id = ? AND state = 'pending'`,
  use: `UPDATE approval SET state = 'executed', used_by = ? WHERE approval_id = ? AND state = 'approved'`,
} as const;

/** The operations that an approval can set off, each inside the running transaction. */
export interface EffectRooms {
  readonly people: SqlitePeople;
  readonly money: SqliteMoney;
  readonly advice: SqliteAdvice;
  readonly deposit: (request: Extract<ApprovalEffect, { kind: 'deposit' }>['deposit']) => DepositResult;
  readonly putTariff: (version: Extract<ApprovalEffect, { kind: 'tariffVersion' }>['version']) => PutResult;
}

export class SqliteApprovals implements ApprovalStore {
  readonly #access: SqliteAccess;
  readonly #rooms: EffectRooms;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess, rooms: EffectRooms) {
    this.#access = access;
    this.#rooms = rooms;
    this.#sql = prepareAll(access.database, SQL);
  }

  request(request: ApprovalRequest): Promise<ApprovalRecord> {
    return this.#access.write(() => {
      const held = this.#sql.findOpen.get(request.requestKey) as ApprovalRow | undefined;
      if (held !== undefined && request.requestedAt < held.expires_at) return approvalOf(held);
      if (held !== undefined) {
        (held.state === 'pending' ? this.#sql.expire : this.#sql.withdraw).run(held.approval_id);
      }
      const { approvalId, kind, payload, payloadHash, requestKey, vendorId, reason } = request;
      const { requestedBy, requestedAt, expiresAt } = request;
      this.#sql.add.run(
        approvalId,
        kind,
        payload,
        payloadHash,
        requestKey,
        vendorId,
        reason,
        requestedBy,
        requestedAt,
        expiresAt,
      );
      const open = { decidedBy: null, decidedAt: null, note: '', usedBy: null, result: '' };
      return { ...request, state: 'pending', ...open };
    });
  }

  find(approvalId: string): Promise<ApprovalRecord | undefined> {
    return this.#access.read(() => this.#approval(approvalId));
  }

  list(filter: { readonly state?: ApprovalState; readonly before: string; readonly limit: number }) {
    const { state, limit } = filter;
    const before = filter.before === '' ? '~' : filter.before;
    return this.#access.read(() => {
      const rows =
        state === undefined
          ? this.#sql.page.all(before, limit)
          : this.#sql.pageOfState.all(state, before, limit);
      return (rows as ApprovalRow[]).map(approvalOf);
    });
  }

  decide({ approvalId, decidedBy, at, note, effect }: Decision): Promise<DecideResult> {
    return this.#access.write((): DecideResult => {
      const approval = this.#approval(approvalId);
      if (approval === undefined) return { kind: 'unknown' };
      if (approval.state !== 'pending') return { kind: 'decided_before', approval };
      if (approval.requestedBy === decidedBy) return { kind: 'same_person' };
      if (at >= approval.expiresAt) return { kind: 'expired' };
      const done = effect && this.#perform(effect);
      if (done !== undefined && isRefused(done)) return { kind: 'effect_refused', effect: done };
      const state = done === undefined ? 'rejected' : done.kind === 'none' ? 'approved' : 'executed';
      const result = done === undefined || done.kind === 'none' ? '' : JSON.stringify(done);
      this.#sql.decide.run(state, decidedBy, at, note, result, approvalId);
      return { kind: 'decided', approval: this.#approval(approvalId) ?? approval, effect: done };
    });
  }

  use(use: Parameters<ApprovalStore['use']>[0]): Promise<UseResult> {
    return this.#access.write(() => {
      const approval = this.#approval(use.approvalId);
      if (approval === undefined) return 'unknown';
      if (approval.payloadHash !== use.payloadHash) return 'differs';
      if (approval.usedBy !== null) return approval.usedBy === use.usedBy ? 'used' : 'used_by_other';
      if (approval.state !== 'approved') return 'not_approved';
      if (use.at >= approval.expiresAt) return 'expired';
      this.#sql.use.run(use.usedBy, use.approvalId);
      return 'used';
    });
  }

  #perform(effect: ApprovalEffect): EffectResult {
    switch (effect.kind) {
      case 'none':
        return { kind: 'none' };
      case 'tariffVersion':
        return { kind: effect.kind, result: this.#rooms.putTariff(effect.version) };
      case 'deposit':
        return { kind: effect.kind, result: this.#rooms.deposit(effect.deposit) };
      case 'float':
        return { kind: effect.kind, result: this.#rooms.money.changeFloatNow(effect.change) };
      case 'saleReversal':
        return { kind: effect.kind, result: this.#rooms.advice.reverseNow(effect.reversal) };
      case 'creditLimit':
        return { kind: effect.kind, result: this.#rooms.money.changeCreditLimitNow(effect.change) };
      case 'commissionTerms': {
        const result = this.#rooms.money.putCommissionNow(effect.version);
        return { kind: effect.kind, result: result === 'vendor_unknown' ? 'exists' : result };
      }
      case 'user':
        return { kind: effect.kind, result: this.#rooms.people.putUserNow(effect.put) };
      case 'settings':
        for (const change of effect.changes) this.#rooms.people.putSettingNow(change);
        return { kind: effect.kind };
    }
  }

  #approval(approvalId: string): ApprovalRecord | undefined {
    const row = this.#sql.find.get(approvalId) as ApprovalRow | undefined;
    return row && approvalOf(row);
  }
}
