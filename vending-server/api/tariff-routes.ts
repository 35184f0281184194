/** Tariffs and their dated versions. */
import { findVersions, listTariffs } from '../vending/find-tariff.ts';
import { holdsTariff } from '../vending/put-tariff.ts';
import { tariffTrial } from '../vending/tariff-trial.ts';
import { AT_ONCE, askSecondPerson } from '../vending/two-persons.ts';
import { TariffTrialAnswer, TariffTrialBody } from './account-schemas.ts';
import { approvalAnswer } from './approval-routes.ts';
import { ApprovalAnswer, PageById } from './people-schemas.ts';
import { json, param, type Route, withBody, withoutBody, withQuery } from './route.ts';
import { TariffAnswer, TariffBody, TariffsAnswer } from './tariff-schemas.ts';
import { nextOf } from './user-routes.ts';

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
  withQuery({
    path: '/v1/tariffs',
    summary: 'Tariffs by their names, with what is in force of each',
    permission: 'tariff.read',
    query: PageById,
    answers: [{ status: 200, description: 'A page of tariffs', schema: TariffsAnswer }],
    faults: [],
    handle: async ({ vending: { store, clock } }, { query: { after, limit } }) => {
      const tariffs = await listTariffs(store, { after, limit, now: clock.now() });
      return json(200, { tariffs, next: nextOf(tariffs, limit, ({ tariffId }) => tariffId) });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/tariff-trials',
    summary:
      'What a payment would come to under a version of a tariff, or under terms that nobody has put yet',
    permission: 'tariff.read',
    audit: 'none',
    body: TariffTrialBody,
    answers: [{ status: 200, description: 'The lines, reckoned as a sale', schema: TariffTrialAnswer }],
    faults: [
      'tariff_unknown',
      'tariff_not_in_force',
      'payment_too_small',
      'payment_too_large',
      'operation_unsupported',
    ],
    handle: async ({ vending }, { body: { under, history, ...asked } }) => {
      const version =
        'terms' in under
          ? under
          : {
              tariffId: under.tariffId,
              validFrom: under.validFrom === undefined ? undefined : Date.parse(under.validFrom),
            };
      // When the meter bought last decides nothing of what a payment comes to.
      const past = { ...history, lastAt: null };
      return json(200, await tariffTrial(vending, { ...asked, under: version, history: past }));
    },
  }),
];
