/** What vendors may sell, how much, and what was noticed. */
import { StsFault } from '../../lib/faults.ts';
import { type CanonicalValue, canonicalJson } from '../ledger/canonical.ts';
import { assertOwn } from '../people/caller.ts';
import type { AlarmRecord } from '../store/money-contract.ts';
import { findVendor } from '../vending/open-vendor.ts';
import {
  AcknowledgeBody,
  AlarmAnswer,
  AlarmQuery,
  AlarmsAnswer,
  RuleAnswer,
  RuleBody,
  RulesAnswer,
  SupplyGroupsAnswer,
  SupplyGroupsBody,
} from './money-schemas.ts';
import { Done } from './people-schemas.ts';
import { checkedParam, json, param, type Route, withBody, withoutBody, withQuery } from './route.ts';
import { Id } from './schemas.ts';
import { iso } from './time.ts';
import { nextOf } from './user-routes.ts';

const RIGHTS: readonly Route[] = [
  withBody({
    method: 'put',
    path: '/v1/vendors/{vendorId}/supply-groups',
    summary: 'The supply groups that the vendor may sell to; null for all',
    permission: 'vendor.rights',
    body: SupplyGroupsBody,
    answers: [{ status: 200, description: 'Set', schema: SupplyGroupsAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      const { supplyGroups } = call.body;
      const codes = supplyGroups === null ? null : [...new Set(supplyGroups)].sort();
      await findVendor(vending, vendorId);
      await vending.store.limits.setSupplyGroups(vendorId, codes);
      return json(200, { vendorId, supplyGroups: codes });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/vendors/{vendorId}/supply-groups',
    summary: 'The supply groups that the vendor may sell to',
    permission: 'limit.read',
    answers: [{ status: 200, description: 'The rights', schema: SupplyGroupsAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const vendorId = param(call, 'vendorId');
      assertOwn(call.caller, vendorId);
      await findVendor(vending, vendorId);
      return json(200, { vendorId, supplyGroups: await vending.store.limits.supplyGroupsOf(vendorId) });
    },
  }),
];

const RULES: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/limit-rules',
    summary: 'Limits of the day, velocity and hours',
    permission: 'limit.read',
    answers: [
      { status: 200, description: 'The rules; for a vendor those that bind it', schema: RulesAnswer },
    ],
    faults: [],
    handle: async ({ vending }, { caller }) => {
      const rules = (await vending.store.limits.limitRules())
        .map(({ ruleId, rule }) => ({ ruleId, rule: JSON.parse(rule) as { vendorId: string | null } }))
        .filter(({ rule }) => caller.vendorId === null || [null, caller.vendorId].includes(rule.vendorId));
      return json(200, { rules });
    },
  }),
  withBody({
    method: 'put',
    path: '/v1/limit-rules/{ruleId}',
    summary: 'Set a rule, in place of the one of this id',
    permission: 'limit.put',
    body: RuleBody,
    about: ({ kind, effect }) => ({ kind, effect }),
    answers: [{ status: 200, description: 'Set', schema: RuleAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, call) => {
      const ruleId = checkedParam(call, 'ruleId', Id);
      const { body } = call;
      if (body.vendorId !== null) await findVendor(vending, body.vendorId);
      const rule = canonicalJson(body as unknown as CanonicalValue);
      await vending.store.limits.putLimitRule({ ruleId, rule });
      return json(200, { ruleId, rule: body });
    },
  }),
  withoutBody({
    method: 'delete',
    path: '/v1/limit-rules/{ruleId}',
    summary: 'Take a rule away',
    permission: 'limit.put',
    answers: [{ status: 200, description: 'Taken away', schema: Done }],
    faults: ['limit_rule_unknown'],
    handle: async ({ vending }, call) => {
      const ruleId = param(call, 'ruleId');
      if (!(await vending.store.limits.removeLimitRule(ruleId))) {
        throw new StsFault('limit_rule_unknown', undefined, { param: 'ruleId' });
      }
      return json(200, { status: 'done' });
    },
  }),
];

const ALARMS: readonly Route[] = [
  withQuery({
    path: '/v1/alarms',
    summary: 'What was noticed, the newest first',
    permission: 'alarm.read',
    query: AlarmQuery,
    answers: [{ status: 200, description: 'A page of alarms', schema: AlarmsAnswer }],
    faults: [],
    handle: async ({ vending }, { query: { open, before = null, limit } }) => {
      const alarms = await vending.store.limits.alarms(before, limit, open === 'true');
      const next = nextOf(alarms, limit, ({ alarmId }) => alarmId);
      return json(200, { alarms: alarms.map(alarmAnswer), next });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/alarms/{alarmId}/acknowledgement',
    summary: 'Say that an alarm was looked at; the first who says so stays named',
    permission: 'alarm.acknowledge',
    body: AcknowledgeBody,
    answers: [{ status: 200, description: 'Acknowledged, now or before', schema: AlarmAnswer }],
    faults: ['alarm_unknown'],
    handle: async ({ vending }, call) => {
      const text = param(call, 'alarmId');
      const alarm = /^[1-9][0-9]{0,14}$/.test(text)
        ? await vending.store.limits.acknowledgeAlarm(
            Number(text),
            call.caller.principal,
            vending.clock.now(),
            call.body.note,
          )
        : undefined;
      if (alarm === undefined) throw new StsFault('alarm_unknown', undefined, { param: 'alarmId' });
      return json(200, alarmAnswer(alarm));
    },
  }),
];

export const LIMIT_ROUTES: readonly Route[] = [...RIGHTS, ...RULES, ...ALARMS];

function alarmAnswer({ at, acknowledgedAt, ...alarm }: AlarmRecord) {
  return {
    ...alarm,
    at: iso(at),
    acknowledgedAt: acknowledgedAt === null ? null : iso(acknowledgedAt),
  };
}
