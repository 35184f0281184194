/** Keys of meters: sets on request, what was seen since, what is wanted, and how far a campaign has come. */
import { type FaultCode, StsFault } from '../../lib/faults.ts';
import type { Caller } from '../people/caller.ts';
import type { KeyChangeRecord } from '../store/key-contract.ts';
import { changeKey } from '../vending/change-key.ts';
import { HOUSE_ID } from '../vending/house.ts';
import { confirmKeyChange, keyChangesOf, revokeKeyChange } from '../vending/judge-key-change.ts';
import {
  type GroupReport,
  keyList,
  keyReport,
  meterKeyState,
  type ReportedKey,
  reportedKey,
  TO_DO,
} from '../vending/key-report.ts';
import { changeMeterSettings } from '../vending/meter-settings.ts';
import { setWantedKey, setWantedKeys } from '../vending/wanted-key.ts';
import { csvOf, meterRowOf } from './key-list.ts';
import {
  CsvFile,
  GroupWantedKeyAnswer,
  GroupWantedKeyBody,
  KeyChangeAnswer,
  KeyChangeBody,
  KeyChangesAnswer,
  KeyChangesQuery,
  KeyListAnswer,
  KeyListQuery,
  KeyReportAnswer,
  MeterKeyStateAnswer,
  MeterSettingsBody,
  RevocationBody,
  SupplyGroupCode,
  VendingKeysAnswer,
  WantedKeyBody,
} from './key-schemas.ts';
import { MeterAnswer } from './meter-schemas.ts';
import {
  checkedParam,
  json,
  param,
  REPLAYED,
  type Route,
  withBody,
  withoutBody,
  withQuery,
} from './route.ts';
import { SALE_FAULTS } from './sale-routes.ts';
import { SaleAnswer } from './sale-schemas.ts';
import { iso } from './time.ts';
import { nextOf } from './user-routes.ts';

const METER_FAULTS = [
  'meter_number_malformed',
  'meter_number_check_digit',
  'meter_unknown',
] as const satisfies readonly FaultCode[];

const CHANGES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/meters/{meter}/key-changes',
    summary: 'A key-change set without money; the last one once more where nobody has confirmed it',
    permission: 'keyChange.request',
    body: KeyChangeBody,
    about: ({ requestId, reason }) => ({ requestId, ...(reason === undefined ? {} : { reason }) }),
    answers: [{ status: 201, description: 'Issued, now or before', schema: SaleAnswer }],
    faults: [...SALE_FAULTS, 'key_change_not_needed'],
    handle: async ({ vending }, call) => {
      const { caller, body } = call;
      assertEngineer(caller);
      const { sale, replayed } = await changeKey(vending, {
        ...body,
        meter: param(call, 'meter'),
        vendorId: caller.vendorId ?? HOUSE_ID,
        // A person is who he signed in as; a till tells who stands there, and a machine of the utility is itself.
        operatorId:
          caller.userId ?? body.operatorId ?? (caller.vendorId === null ? caller.principal : undefined),
      });
      const headers = { Location: `/v1/sales/${sale.saleId}`, ...(replayed ? REPLAYED : {}) };
      return { status: 201, body: sale.responseBody, headers };
    },
  }),
  withQuery({
    path: '/v1/meters/{meter}/key-changes',
    summary: 'Every key-change set of a meter, the newest first, with what was seen of the meter since',
    permission: 'keyChange.read',
    audit: 'read',
    query: KeyChangesQuery,
    answers: [{ status: 200, description: 'A page of them', schema: KeyChangesAnswer }],
    faults: METER_FAULTS,
    handle: async ({ vending }, call) => {
      const { before = null, limit } = call.query;
      const changes = await keyChangesOf(vending, { meter: param(call, 'meter'), before, limit });
      const next = nextOf(changes, limit, ({ saleId }) => saleId);
      return json(200, { keyChanges: changes.map(keyChangeAnswer), next });
    },
  }),
  withoutBody({
    method: 'post',
    path: '/v1/meters/{meter}/key-changes/{saleId}/confirmation',
    summary: 'The meter holds its new key: the set is given no more',
    permission: 'keyChange.confirm',
    answers: [{ status: 200, description: 'Confirmed, now or before', schema: KeyChangeAnswer }],
    faults: [...METER_FAULTS, 'key_change_unknown', 'key_change_revoked'],
    handle: async ({ vending }, call) => {
      assertEngineer(call.caller);
      return json(200, keyChangeAnswer(await confirmKeyChange(vending, sightingOf(call))));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/meters/{meter}/key-changes/{saleId}/revocation',
    summary: 'The meter still holds the key before: its record goes back, where nothing was issued since',
    permission: 'meter.engineer',
    body: RevocationBody,
    about: ({ reason }) => ({ reason }),
    answers: [{ status: 200, description: 'Taken back, now or before', schema: KeyChangeAnswer }],
    faults: [...METER_FAULTS, 'key_change_unknown', 'key_change_used'],
    handle: async ({ vending }, call) =>
      json(200, keyChangeAnswer(await revokeKeyChange(vending, sightingOf(call)))),
  }),
];

const WANTED: readonly Route[] = [
  withBody({
    method: 'put',
    path: '/v1/meters/{meter}/wanted-key',
    summary: 'What the key of a meter shall be made of from its next key change on; null takes it back',
    permission: 'meter.engineer',
    body: WantedKeyBody,
    about: ({ wantedKey }) => ({ wantedKey: JSON.stringify(wantedKey) }),
    answers: [{ status: 200, description: 'The meter', schema: MeterAnswer }],
    faults: [...METER_FAULTS, 'vending_key_unknown', 'security_module_unavailable'],
    handle: async ({ vending }, call) =>
      json(200, await setWantedKey(vending, { meter: param(call, 'meter'), ...call.body })),
  }),
  withBody({
    method: 'post',
    path: '/v1/supply-groups/{supplyGroupCode}/wanted-key',
    summary:
      'The same for the meters of a supply group, a batch at a time: go on with `next` until it is null',
    permission: 'meter.engineer',
    body: GroupWantedKeyBody,
    about: ({ wantedKey, after }) => ({ wantedKey: JSON.stringify(wantedKey), after }),
    answers: [{ status: 200, description: 'What the batch did', schema: GroupWantedKeyAnswer }],
    faults: ['request_malformed', 'vending_key_unknown', 'security_module_unavailable'],
    handle: async ({ vending }, call) => {
      const supplyGroupCode = checkedParam(call, 'supplyGroupCode', SupplyGroupCode);
      const { after = '', ...request } = call.body;
      return json(200, {
        supplyGroupCode,
        ...(await setWantedKeys(vending, { supplyGroupCode, after, ...request })),
      });
    },
  }),
  withBody({
    method: 'put',
    path: '/v1/meters/{meter}',
    summary: 'Settings of a meter; what is left out stays. The tariff is for a tariff administrator',
    permission: 'meter.change',
    body: MeterSettingsBody,
    about: (settings) => ({ settings: JSON.stringify(settings) }),
    answers: [{ status: 200, description: 'The meter', schema: MeterAnswer }],
    faults: [...METER_FAULTS, 'tariff_unknown', 'tariff_not_in_force', 'currency_mismatch'],
    handle: async ({ vending }, call) =>
      json(
        200,
        await changeMeterSettings(vending, call.caller, { meter: param(call, 'meter'), ...call.body }),
      ),
  }),
];

const REPORTS: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/meters/{meter}/key-state',
    summary: 'How far one meter is on its current key, and the vending key that its record names',
    permission: 'keyChange.read',
    audit: 'read',
    answers: [{ status: 200, description: 'The state', schema: MeterKeyStateAnswer }],
    faults: [...METER_FAULTS, 'security_module_unavailable'],
    handle: async ({ vending }, call) => {
      const { judged, vendingKey } = await meterKeyState(vending, param(call, 'meter'));
      const key = vendingKey === null ? null : vendingKeyAnswer(vendingKey);
      return json(200, { ...meterRowOf(judged), vendingKey: key });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vending-keys',
    summary: 'The vending keys that the module holds: attributes, dates and check values, never keys',
    permission: 'keyStore.read',
    audit: 'read',
    answers: [{ status: 200, description: 'All of them', schema: VendingKeysAnswer }],
    faults: ['security_module_unavailable'],
    handle: async ({ vending: { keys, clock } }) => {
      const vendingKeys = (await keys.keys()).map((key) => {
        const { supplyGroupCode } = key;
        return { supplyGroupCode, ...vendingKeyAnswer(reportedKey(key, clock.now())) };
      });
      return json(200, { vendingKeys });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/reports/key-changes',
    summary: 'How far the meters of each supply group are on its current key, and when its keys end',
    permission: 'keyChange.read',
    answers: [{ status: 200, description: 'The figures', schema: KeyReportAnswer }],
    faults: ['security_module_unavailable'],
    handle: async ({ vending }) => {
      const { at, groups } = await keyReport(vending);
      return json(200, { at: iso(at), supplyGroups: groups.map(groupAnswer) });
    },
  }),
  withQuery({
    path: '/v1/reports/key-changes/meters',
    summary:
      'Meters by the state of their key, as JSON or CSV by the Accept header; by default those with something to do',
    permission: 'keyChange.read',
    query: KeyListQuery,
    answers: [
      { status: 200, description: 'A page of meters', schema: KeyListAnswer },
      { status: 200, description: 'A page of meters', schema: CsvFile, contentType: 'text/csv' },
    ],
    faults: ['security_module_unavailable'],
    handle: async ({ vending }, { query, accept }) => {
      const { state, supplyGroup: supplyGroupCode = null, after = '', limit } = query;
      const states = state === 'toDo' ? TO_DO : [state];
      const { meters, next } = await keyList(vending, { states, supplyGroupCode, after, limit });
      if (!accept.includes('text/csv')) return json(200, { meters: meters.map(meterRowOf), next });
      const follow = new URLSearchParams({
        state,
        ...(supplyGroupCode === null ? {} : { supplyGroup: supplyGroupCode }),
        after: next ?? '',
        limit: String(limit),
      });
      return {
        status: 200,
        body: csvOf(meters),
        contentType: 'text/csv; charset=utf-8',
        headers: next === null ? {} : { Link: `</v1/reports/key-changes/meters?${follow}>; rel="next"` },
      };
    },
  }),
];

export const KEY_ROUTES: readonly Route[] = [...CHANGES, ...WANTED, ...REPORTS];

/** Of the utility's own people it is engineers who speak about keys; a vendor's sellers and supervisors do for its sales. */
function assertEngineer({ vendorId, roles }: Caller): void {
  if (vendorId === null && !roles.includes('engineer')) throw new StsFault('permission_denied', 'engineer');
}

function sightingOf(call: Parameters<typeof param>[0]) {
  const { principal: by, vendorId } = call.caller;
  return { meter: param(call, 'meter'), saleId: param(call, 'saleId'), by, vendorId };
}

function keyChangeAnswer(change: KeyChangeRecord) {
  const { previousSaleId: _previous, lastSaleId: _last, changedAt, confirmedAt, revokedAt, ...rest } = change;
  return {
    ...rest,
    changedAt: iso(changedAt),
    confirmedAt: confirmedAt === null ? null : iso(confirmedAt),
    revokedAt: revokedAt === null ? null : iso(revokedAt),
  };
}

function groupAnswer({ vendingKeys, ...group }: GroupReport) {
  return { ...group, vendingKeys: vendingKeys.map(vendingKeyAnswer) };
}

function vendingKeyAnswer({ key, isUsable, expiresAt, baseDateEndsAt, warnings }: ReportedKey) {
  const { keyRevision, keyType, baseDate, decoderKeyAlgorithm, checkValue, keyExpiry } = key;
  return {
    keyRevision,
    keyType,
    baseDate,
    decoderKeyAlgorithm,
    checkValue,
    activeFrom: iso(Date.parse(key.activeFrom)),
    issueUntil: iso(Date.parse(key.issueUntil)),
    keyExpiry,
    expiresAt: iso(expiresAt),
    baseDateEndsAt: iso(baseDateEndsAt),
    isUsable,
    warnings: warnings.map(({ kind, at }) => ({ kind, at: iso(at) })),
  };
}
