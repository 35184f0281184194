/** Tariffs and their dated versions. */
import { findVersions } from '../vending/find-tariff.ts';
import { holdsTariff } from '../vending/put-tariff.ts';
import { AT_ONCE, askSecondPerson } from '../vending/two-persons.ts';
import { approvalAnswer } from './approval-routes.ts';
import { ApprovalAnswer } from './people-schemas.ts';
import { json, param, type Route, withBody, withoutBody } from './route.ts';
import { TariffAnswer, TariffBody } from './schemas.ts';

/** PUT and POST do the same: the terms of a version never change, so that both are safe to repeat. */
function tariffRoute(method: 'put' | 'post'): Route {
  return withBody({
    method,
    path: '/v1/tariffs',
    summary: 'Put a version of a tariff into force from a date on',
    permission: 'tariff.put',
    body: TariffBody,
    about: ({ tariffId, validFrom }) => ({ tariffId, validFrom }),
    answers: [
      { status: 201, description: 'Recorded; all versions of the tariff', schema: TariffAnswer },
      { status: 200, description: 'Recorded before with the same terms', schema: TariffAnswer },
      { status: 202, description: 'Waits for a second person', schema: ApprovalAnswer },
    ],
    faults: ['tariff_exists', 'tariff_in_the_past', 'request_id_reused'],
    handle: async ({ vending }, { body, caller }) => {
      const { tariffId, terms, validFrom } = body;
      const from = validFrom === undefined ? undefined : Date.parse(validFrom);
      const payload = { tariffId, terms, validFrom: from };
      // The same terms again are a retry of what was approved, and change nothing.
      const isHeld = await holdsTariff(vending, payload);
      const reason = `tariff ${tariffId}`;
      const asked = isHeld
        ? undefined
        : await askSecondPerson(vending, caller, 'tariffVersion', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      const { created } = await AT_ONCE.tariffVersion(vending, payload);
      return json(created ? 201 : 200, await findVersions(vending.store, tariffId));
    },
  });
}

export const TARIFF_ROUTES: readonly Route[] = [
  tariffRoute('put'),
  tariffRoute('post'),
  withoutBody({
    method: 'get',
    path: '/v1/tariffs/{tariffId}',
    summary: 'A tariff with all its versions',
    permission: 'tariff.read',
    answers: [{ status: 200, description: 'The versions, the earliest first', schema: TariffAnswer }],
    faults: ['tariff_unknown'],
    handle: async ({ vending }, call) =>
      json(200, await findVersions(vending.store, param(call, 'tariffId'))),
  }),
];
