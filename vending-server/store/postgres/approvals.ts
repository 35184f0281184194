/** Approvals on PostgreSQL. What was approved happens in the same commit as the decision, so that it happens exactly once. */
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
import { approvalOf, isRefused } from '../people-rows.ts';
import type { PostgresAccess } from './access.ts';
import { type ClaimRoom, reverseSale } from './advice.ts';
import type { Ask } from './connections.ts';
import { addTariffVersion, recordDeposit } from './deposits.ts';
import { changeCreditLimit, changeFloat, putCommission } from './money.ts';
import { putSetting, putUser } from './people.ts';

export class PostgresApprovals implements ApprovalStore {
  readonly #access: PostgresAccess;
  readonly #claims: ClaimRoom;

  constructor(access: PostgresAccess, claims: ClaimRoom) {
    this.#access = access;
    this.#claims = claims;
  }

  request(request: ApprovalRequest): Promise<ApprovalRecord> {
    const turn = `approval of ${request.requestKey}`;
    return this.#access.write(turn, async (ask) => {
      await ask('lockNames', [[turn]]);
      const [row] = await ask('findOpenApproval', [request.requestKey]);
      const held = row && approvalOf(row);
      if (held !== undefined && request.requestedAt < held.expiresAt) return held;
      if (held !== undefined) {
        await ask(held.state === 'pending' ? 'expireApproval' : 'withdrawApproval', [held.approvalId]);
      }
      const { approvalId, kind, payload, payloadHash, requestKey, vendorId, reason } = request;
      const { requestedBy, requestedAt, expiresAt } = request;
      const what = [approvalId, kind, payload, payloadHash, requestKey, vendorId, reason];
      await ask('addApproval', [...what, requestedBy, requestedAt, expiresAt]);
      const open = { decidedBy: null, decidedAt: null, note: '', usedBy: null, result: '' };
      return { ...request, state: 'pending', ...open };
    });
  }

  async find(approvalId: string): Promise<ApprovalRecord | undefined> {
    const [row] = await this.#access.query('findApproval', [approvalId]);
    return row && approvalOf(row);
  }

  async list(filter: { readonly state?: ApprovalState; readonly before: string; readonly limit: number }) {
    const { state, limit } = filter;
    const before = filter.before === '' ? '~' : filter.before;
    const rows =
      state === undefined
        ? await this.#access.query('approvals', [before, limit])
        : await this.#access.query('approvalsOfState', [state, before, limit]);
    return rows.map(approvalOf);
  }

  decide({ approvalId, decidedBy, at, note, effect }: Decision): Promise<DecideResult> {
    return this.#access.write(`approval ${approvalId}`, async (ask): Promise<DecideResult> => {
      const approval = await locked(ask, approvalId);
      if (approval === undefined) return { kind: 'unknown' };
      if (approval.state !== 'pending') return { kind: 'decided_before', approval };
      if (approval.requestedBy === decidedBy) return { kind: 'same_person' };
      if (at >= approval.expiresAt) return { kind: 'expired' };
      const done = effect && (await perform(ask, effect, this.#claims));
      if (done !== undefined && isRefused(done)) return { kind: 'effect_refused', effect: done };
      const state = done === undefined ? 'rejected' : done.kind === 'none' ? 'approved' : 'executed';
      const result = done === undefined || done.kind === 'none' ? '' : JSON.stringify(done);
      const [row] = await ask('decideApproval', [approvalId, state, decidedBy, at, note, result]);
      return { kind: 'decided', approval: approvalOf(row), effect: done };
    });
  }

  use({ approvalId, payloadHash, usedBy, at }: Parameters<ApprovalStore['use']>[0]): Promise<UseResult> {
    return this.#access.write(`approval ${approvalId}`, async (ask): Promise<UseResult> => {
      const approval = await locked(ask, approvalId);
      if (approval === undefined) return 'unknown';
      if (approval.payloadHash !== payloadHash) return 'differs';
      if (approval.usedBy !== null) return approval.usedBy === usedBy ? 'used' : 'used_by_other';
      if (approval.state !== 'approved') return 'not_approved';
      if (at >= approval.expiresAt) return 'expired';
      await ask('useApproval', [approvalId, usedBy]);
      return 'used';
    });
  }
}

/** Until the commit nobody else decides or uses it, on whatever server. */
async function locked(ask: Ask, approvalId: string): Promise<ApprovalRecord | undefined> {
  const [row] = await ask('lockApproval', [approvalId]);
  return row && approvalOf(row);
}

async function perform(ask: Ask, effect: ApprovalEffect, claims: ClaimRoom): Promise<EffectResult> {
  switch (effect.kind) {
    case 'none':
      return { kind: 'none' };
    case 'tariffVersion':
      return { kind: effect.kind, result: await addTariffVersion(ask, effect.version) };
    case 'deposit':
      return { kind: effect.kind, result: await recordDeposit(ask, effect.deposit) };
    case 'float':
      return { kind: effect.kind, result: await changeFloat(ask, effect.change) };
    case 'saleReversal':
      return { kind: effect.kind, result: await reverseSale(ask, effect.reversal, claims) };
    case 'creditLimit':
      return { kind: effect.kind, result: await changeCreditLimit(ask, effect.change) };
    case 'commissionTerms': {
      const result = await putCommission(ask, effect.version);
      return { kind: effect.kind, result: result === 'vendor_unknown' ? 'exists' : result };
    }
    case 'user':
      return { kind: effect.kind, result: await putUser(ask, effect.put) };
    case 'settings':
      for (const change of effect.changes) await putSetting(ask, change);
      return { kind: effect.kind };
  }
}
