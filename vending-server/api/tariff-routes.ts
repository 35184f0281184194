/** Tariffs and their dated versions. */
import { findVersions } from '../vending/find-tariff.ts';
import { putTariff } from '../vending/put-tariff.ts';
import { json, param, type Route, withBody, withoutBody } from './route.ts';
import { TariffAnswer, TariffBody } from './schemas.ts';

/** PUT and POST do the same: the terms of a version never change, so that both are safe to repeat. */
function tariffRoute(method: 'put' | 'post'): Route {
  return withBody({
    method,
    path: '/v1/tariffs',
    summary: 'Put a version of a tariff into force from a date on',
    roles: ['operator'],
    body: TariffBody,
    answers: [
      { status: 201, description: 'Recorded; all versions of the tariff', schema: TariffAnswer },
      { status: 200, description: 'Recorded before with the same terms', schema: TariffAnswer },
    ],
    faults: ['tariff_exists', 'tariff_in_the_past'],
    handle: async ({ vending }, { body }) => {
      const { tariffId, terms, validFrom } = body;
      const from = validFrom === undefined ? undefined : Date.parse(validFrom);
      const { created } = await putTariff(vending, { tariffId, terms, validFrom: from });
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
    roles: ['vendor', 'operator'],
    answers: [{ status: 200, description: 'The versions, the earliest first', schema: TariffAnswer }],
    faults: ['tariff_unknown'],
    handle: async ({ vending }, call) =>
      json(200, await findVersions(vending.store, param(call, 'tariffId'))),
  }),
];
