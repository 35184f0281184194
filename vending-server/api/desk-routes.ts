/** A vendor's tills: shifts and batches. */
import { StsFault } from '../../lib/faults.ts';
import { assertOwn, type Caller } from '../people/caller.ts';
import type { BatchRecord } from '../store/money-contract.ts';
import { findVendor } from '../vending/open-vendor.ts';
import {
  batchReport,
  closeBatch,
  closeShift,
  openShift,
  type ShiftReport,
  shiftReport,
} from '../vending/reports.ts';
import {
  BatchAnswer,
  BatchBody,
  BatchesAnswer,
  BatchQuery,
  CloseShiftBody,
  ShiftAnswer,
  ShiftBody,
} from './money-schemas.ts';
import { json, param, type Route, withBody, withoutBody, withQuery } from './route.ts';
import { iso } from './time.ts';
import { nextOf } from './user-routes.ts';

const SHIFTS: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/shifts',
    summary: 'Open a shift at a till; a till and an operator have one at a time',
    permission: 'shift.run',
    body: ShiftBody,
    about: ({ shiftId, tillId }) => ({ shiftId, tillId }),
    answers: [
      { status: 201, description: 'Opened', schema: ShiftAnswer },
      { status: 200, description: 'Opened before', schema: ShiftAnswer },
    ],
    faults: ['vendor_unknown', 'shift_open', 'request_id_reused'],
    handle: async ({ vending }, call) => {
      const vendorId = ownVendor(call.caller, param(call, 'vendorId'));
      const { shiftId, tillId } = call.body;
      const operatorId = operatorOf(call.caller, call.body.operatorId);
      const { created } = await openShift(vending, { shiftId, vendorId, operatorId, tillId });
      return json(created ? 201 : 200, shiftAnswer(await shiftReport(vending, vendorId, shiftId)));
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vendors/{vendorId}/shifts/{shiftId}',
    summary: 'A shift with its totals by tender, kind and operator',
    permission: 'shift.read',
    answers: [{ status: 200, description: 'The shift', schema: ShiftAnswer }],
    faults: ['shift_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = ownVendor(call.caller, param(call, 'vendorId'));
      return json(200, shiftAnswer(await shiftReport(vending, vendorId, param(call, 'shiftId'))));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/shifts/{shiftId}/close',
    summary: 'Close a shift with the cash that was counted; a closed one stays as it was',
    permission: 'shift.run',
    body: CloseShiftBody,
    answers: [{ status: 200, description: 'Closed, now or before', schema: ShiftAnswer }],
    faults: ['shift_unknown'],
    handle: async ({ vending }, call) => {
      const { caller, body } = call;
      const vendorId = ownVendor(caller, param(call, 'vendorId'));
      const shiftId = param(call, 'shiftId');
      const { shift } = await shiftReport(vending, vendorId, shiftId);
      // A seller closes his own; a supervisor, or the vendor's own machine, anybody's.
      const isSeller = caller.userId !== null && !caller.roles.includes('supervisor');
      if (isSeller && shift.operatorId !== caller.userId) throw new StsFault('permission_denied');
      const request = { vendorId, shiftId, closedBy: caller.principal, countedMinor: body.countedMinor };
      return json(200, shiftAnswer(await closeShift(vending, request)));
    },
  }),
];

const BATCHES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/vendors/{vendorId}/batches',
    summary: 'Close a batch: all sales since the last one of its kind, each in exactly one',
    permission: 'batch.close',
    body: BatchBody,
    about: ({ batchId, kind }) => ({ batchId, kind }),
    answers: [{ status: 201, description: 'Closed, now or before', schema: BatchAnswer }],
    faults: ['vendor_unknown', 'batch_empty', 'request_id_reused'],
    handle: async ({ vending }, call) => {
      const vendorId = ownVendor(call.caller, param(call, 'vendorId'));
      const closedBy = call.caller.principal;
      const { batch, totals } = await closeBatch(vending, { ...call.body, vendorId, closedBy });
      return json(201, { batch: batchAnswer(batch), totals });
    },
  }),
  withQuery({
    path: '/v1/vendors/{vendorId}/batches',
    summary: 'Closed batches, the newest first',
    permission: 'statement.read',
    query: BatchQuery,
    answers: [{ status: 200, description: 'A page of batches', schema: BatchesAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = ownVendor(call.caller, param(call, 'vendorId'));
      await findVendor(vending, vendorId);
      const { kind, before = null, limit } = call.query;
      const batches = await vending.store.money.batches(vendorId, kind, before, limit);
      const next = nextOf(batches, limit, ({ throughEntry }) => throughEntry);
      return json(200, { batches: batches.map(batchAnswer), next });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vendors/{vendorId}/batches/{kind}/{batchId}',
    summary: 'A closed batch with its totals',
    permission: 'statement.read',
    answers: [{ status: 200, description: 'The batch', schema: BatchAnswer }],
    faults: ['batch_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = ownVendor(call.caller, param(call, 'vendorId'));
      const kind = param(call, 'kind');
      const batch =
        kind === 'sales' || kind === 'banking'
          ? await vending.store.money.findBatch(vendorId, kind, param(call, 'batchId'))
          : undefined;
      if (batch === undefined) throw new StsFault('batch_unknown', undefined, { param: 'batchId' });
      const { totals } = await batchReport(vending, batch);
      return json(200, { batch: batchAnswer(batch), totals });
    },
  }),
];

export const DESK_ROUTES: readonly Route[] = [...SHIFTS, ...BATCHES];

function ownVendor(caller: Caller, vendorId: string): string {
  assertOwn(caller, vendorId);
  return vendorId;
}

/** Whoever is signed in works under his own name. @throws StsFault `request_malformed` for a machine that names nobody. */
function operatorOf(caller: Caller, named: string | undefined): string {
  const operatorId = caller.userId ?? named;
  if (operatorId === undefined) {
    throw new StsFault('request_malformed', 'who works at the till?', { param: 'operatorId' });
  }
  if (named !== undefined && named !== operatorId) {
    throw new StsFault('permission_denied', 'a shift under another name');
  }
  return operatorId;
}

function shiftAnswer({ shift, totals, expectedMinor, differenceMinor }: ShiftReport) {
  const { openedAt, closedAt } = shift;
  const times = {
    openedAt: iso(openedAt),
    closedAt: closedAt === null ? null : iso(closedAt),
  };
  return { shift: { ...shift, ...times }, totals, expectedMinor, differenceMinor };
}

function batchAnswer(batch: BatchRecord) {
  return { ...batch, closedAt: iso(batch.closedAt) };
}
