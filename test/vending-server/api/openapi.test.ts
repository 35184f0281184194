import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS } from '../../../lib/faults.ts';
import { startTestServer, type TestServer } from '../furnished.ts';

interface Operation {
  readonly summary: string;
  readonly security: unknown[];
  readonly responses: Record<string, { description: string }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

const test = suite<{ at: TestServer }>('OpenAPI document');
const METHODS = ['get', 'post', 'put', 'delete', 'patch'];

test.before(async (context) => {
  context.at = await startTestServer(0);
});
test.after(async ({ at }) => {
  await at.close();
});

async function documentOf(at: TestServer): Promise<Document> {
  const reply = await at.call('GET', '/v1/openapi.json');
  assert.is(reply.status, 200);
  return reply.body as Document;
}

test('what is documented is answered, and what is not documented is refused by method', async ({ at }) => {
  const document = await documentOf(at);
  assert.is(document.openapi, '3.1.0');
  let documented = 0;
  let refused = 0;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const url = path.replace(/\{\w+\}/g, 'x');
      const reply = await at.call(method.toUpperCase(), url);
      if (method in operations) {
        documented += 1;
        assert.not.ok(['route_unknown', 'method_not_allowed'].includes(reply.body.code), `${method} ${path}`);
        assert.ok(String(reply.status) in operations[method]!.responses, `${method} ${path} ${reply.status}`);
        const open = operations[method]!.security.length === 0;
        const isRefused = ['authentication_required', 'visit_required'].includes(reply.body.code);
        assert.is(isRefused, !open, `${method} ${path}`);
      } else {
        refused += 1;
        assert.equal([reply.status, reply.body.code], [405, 'method_not_allowed'], `${method} ${path}`);
        assert.ok(reply.headers.get('allow')?.includes(Object.keys(operations)[0]!.toUpperCase()));
      }
    }
  }
  console.log(`    ${documented} documented operations answered, ${refused} others refused`);
});

test('the routes that callers rely on are all documented', async ({ at }) => {
  const { paths } = await documentOf(at);
  const listed = Object.entries(paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => `${method} ${path}`),
  );
  assert.equal(listed.sort(), [
    'delete /v1/customer/visit',
    'delete /v1/keys/{keyId}',
    'delete /v1/limit-rules/{ruleId}',
    'delete /v1/meters/{meter}/customer',
    'delete /v1/session',
    'delete /v1/users/{userId}/sessions',
    'delete /v1/webhooks/{webhookId}',
    'get /health',
    'get /ready',
    'get /v1/alarms',
    'get /v1/approvals',
    'get /v1/approvals/{approvalId}',
    'get /v1/audit',
    'get /v1/audit/search',
    'get /v1/audit/verification',
    'get /v1/customer/low-balance',
    'get /v1/customer/purchases',
    'get /v1/customer/purchases/{saleId}',
    'get /v1/customer/tokens',
    'get /v1/customer/visit',
    'get /v1/day-ends',
    'get /v1/day-ends/{day}',
    'get /v1/deliveries',
    'get /v1/fault-reports',
    'get /v1/keys',
    'get /v1/ledger',
    'get /v1/ledger/export',
    'get /v1/limit-rules',
    'get /v1/meters/{meter}',
    'get /v1/meters/{meter}/account',
    'get /v1/meters/{meter}/customer',
    'get /v1/meters/{meter}/key-changes',
    'get /v1/meters/{meter}/key-state',
    'get /v1/meters/{meter}/look-up',
    'get /v1/meters/{meter}/sales',
    'get /v1/openapi.json',
    'get /v1/receipt-keys',
    'get /v1/receipts/verify',
    'get /v1/reports/key-changes',
    'get /v1/reports/key-changes/meters',
    'get /v1/reports/sales-now',
    'get /v1/sales/by-request/{requestId}',
    'get /v1/sales/{saleId}',
    'get /v1/sales/{saleId}/receipt',
    'get /v1/session',
    'get /v1/settings',
    'get /v1/tariffs',
    'get /v1/tariffs/{tariffId}',
    'get /v1/users',
    'get /v1/users/{userId}',
    'get /v1/vending-keys',
    'get /v1/vendors',
    'get /v1/vendors/{vendorId}',
    'get /v1/vendors/{vendorId}/batches',
    'get /v1/vendors/{vendorId}/batches/{kind}/{batchId}',
    'get /v1/vendors/{vendorId}/certificates',
    'get /v1/vendors/{vendorId}/commission-terms',
    'get /v1/vendors/{vendorId}/commission/{month}',
    'get /v1/vendors/{vendorId}/sales',
    'get /v1/vendors/{vendorId}/shifts/{shiftId}',
    'get /v1/vendors/{vendorId}/statement',
    'get /v1/vendors/{vendorId}/supply-groups',
    'get /v1/webhooks',
    'get /v1/webhooks/{webhookId}',
    'post /v1/alarms/{alarmId}/acknowledgement',
    'post /v1/approvals',
    'post /v1/approvals/{approvalId}/decision',
    'post /v1/customer/practice-purchases',
    'post /v1/customer/visits',
    'post /v1/day-ends',
    'post /v1/deliveries/{notificationId}/resend',
    'post /v1/engineering-tokens',
    'post /v1/fault-reports',
    'post /v1/free-issues',
    'post /v1/free-units',
    'post /v1/keys',
    'post /v1/keys/{keyId}/rotate',
    'post /v1/ledger/verifications',
    'post /v1/ledger/witnesses',
    'post /v1/low-balances',
    'post /v1/meters',
    'post /v1/meters/search',
    'post /v1/meters/{meter}/change-out',
    'post /v1/meters/{meter}/debts',
    'post /v1/meters/{meter}/key-changes',
    'post /v1/meters/{meter}/key-changes/{saleId}/confirmation',
    'post /v1/meters/{meter}/key-changes/{saleId}/revocation',
    'post /v1/payments',
    'post /v1/receipt-keys',
    'post /v1/replacements',
    'post /v1/sales',
    'post /v1/sales/by-request/{requestId}/confirmation',
    'post /v1/sales/by-request/{requestId}/reversal',
    'post /v1/sales/{saleId}/reversal',
    'post /v1/session',
    'post /v1/session/password',
    'post /v1/session/setup',
    'post /v1/supply-groups/{supplyGroupCode}/wanted-key',
    'post /v1/tariff-trials',
    'post /v1/tariffs',
    'post /v1/test-tokens',
    'post /v1/tokens/verify',
    'post /v1/trial-sales',
    'post /v1/users/{userId}/setup-code',
    'post /v1/vendors',
    'post /v1/vendors/{vendorId}/batches',
    'post /v1/vendors/{vendorId}/certificates',
    'post /v1/vendors/{vendorId}/certificates/unbind',
    'post /v1/vendors/{vendorId}/commission/{month}/payment',
    'post /v1/vendors/{vendorId}/deposits',
    'post /v1/vendors/{vendorId}/deposits/{requestId}/reversal',
    'post /v1/vendors/{vendorId}/keys',
    'post /v1/vendors/{vendorId}/shifts',
    'post /v1/vendors/{vendorId}/shifts/{shiftId}/close',
    'post /v1/webhooks',
    'post /v1/webhooks/{webhookId}/secret',
    'put /v1/customer/low-balance',
    'put /v1/fault-reports/{reportId}/state',
    'put /v1/limit-rules/{ruleId}',
    'put /v1/meters/{meter}',
    'put /v1/meters/{meter}/customer',
    'put /v1/meters/{meter}/wanted-key',
    'put /v1/settings/{name}',
    'put /v1/tariffs',
    'put /v1/users/{userId}',
    'put /v1/vendors/{vendorId}/commission-terms',
    'put /v1/vendors/{vendorId}/credit-limit',
    'put /v1/vendors/{vendorId}/supply-groups',
    'put /v1/webhooks/{webhookId}',
  ]);
});

test('every refusal of an operation stands under its status and in the fault table', async ({ at }) => {
  const { paths } = await documentOf(at);
  let checked = 0;
  for (const operation of Object.values(paths).flatMap((of) => Object.values(of))) {
    for (const [status, { description }] of Object.entries(operation.responses)) {
      if (Number(status) < 400) continue;
      for (const code of description.split(', ')) {
        assert.is(FAULTS[code as keyof typeof FAULTS]?.http, Number(status), code);
        checked += 1;
      }
    }
  }
  console.log(`    ${checked} documented refusals checked against the fault table`);
});

test.run();
