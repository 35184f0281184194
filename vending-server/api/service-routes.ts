/** Is it alive, does it sell, and what can it do. */
import { json, type Route, withoutBody } from './route.ts';
import { HealthAnswer, OpenApiAnswer, ReadyAnswer } from './schemas.ts';

/** @param document - gives the OpenAPI document as JSON text. */
export function serviceRoutes(document: () => string): readonly Route[] {
  return [
    withoutBody({
      method: 'get',
      path: '/health',
      summary: 'Answers while the process lives',
      permission: undefined,
      answers: [{ status: 200, description: 'Alive', schema: HealthAnswer }],
      faults: [],
      handle: async () => json(200, { status: 'alive' }),
    }),
    withoutBody({
      method: 'get',
      path: '/ready',
      summary:
        'Answers 200 only when a sale would go through: database, module, ledger, clock and disk are looked at',
      permission: undefined,
      answers: [{ status: 200, description: 'Ready', schema: ReadyAnswer }],
      faults: ['security_module_unavailable', 'ledger_mismatch', 'disk_nearly_full'],
      handle: async ({ assertReady }) => json(200, { status: 'ready', ...(await assertReady()) }),
    }),
    withoutBody({
      method: 'get',
      path: '/v1/openapi.json',
      summary: 'This document',
      permission: undefined,
      answers: [{ status: 200, description: 'OpenAPI 3.1', schema: OpenApiAnswer }],
      faults: [],
      handle: async () => ({ status: 200, body: document() }),
    }),
  ];
}
