/**
 * What a sandbox utility needs before it can sell: a tariff, a vendor with float, the meter's registration. Every step is
 * idempotent, so that a start that was cut off anywhere is repaired by the next one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { isStsFault, StsFault } from '../lib/faults.ts';
import { entryShape } from './commands/meter-enter.ts';
import { readSecretFile } from './files.ts';
import { requestJson } from './http-client.ts';
import { PUBLIC_TEST_METER } from './public-test-values.ts';
import { inOrder, saleShape } from './sale-text.ts';

export const SANDBOX_VENDOR = { vendorId: 'corner-shop', name: 'Corner shop', currency: 'ZAR' } as const;

interface SandboxPerson {
  readonly userId: string;
  readonly name: string;
  readonly password: string;
  readonly roles: readonly string[];
  readonly vendorId: string | null;
}

/** PUBLIC TEST VALUE: it protects a sandbox, that is nothing. */
const PASSWORD = 'public sandbox password';

/** Who sells at the counter's page, and who sits in the control room. */
export const SANDBOX_SELLER = {
  userId: 'seller',
  name: 'Seller',
  password: PASSWORD,
  roles: ['seller'],
  vendorId: SANDBOX_VENDOR.vendorId,
} as const satisfies SandboxPerson;
export const SANDBOX_OPERATOR = {
  userId: 'operator',
  name: 'Operator',
  password: PASSWORD,
  roles: ['supervisor', 'engineer', 'tariffAdmin', 'auditor', 'administrator'],
  vendorId: null,
} as const satisfies SandboxPerson;

const TARIFF = {
  tariffId: 'homelight',
  terms: {
    currency: 'ZAR',
    timeZone: 'Africa/Johannesburg',
    vatRate: '0.15',
    energy: { kind: 'flat', pricePerKwh: '2.1500' },
    minimumMinor: 500,
    maximumMinor: 500_000,
  },
} as const;

const FLOAT_MINOR = 100_000_00;
const FIRST_SALE_MINOR = 100_00;

/** The ids of what is done once in the life of a sandbox. */
const REQUESTS = { deposit: 'sandbox-deposit-1', sale: 'sandbox-sale-1' } as const;

export interface FirstSale {
  readonly tokenNoGrouped: string;
  readonly amountKwh: string;
  readonly paid: string;
  readonly result: string;
  readonly enteredNow: boolean;
}

export async function furnishUtility(
  server: string,
  operatorKeyFile: string,
  sellerKeyFile: string,
): Promise<void> {
  const apiKey = readSecretFile(operatorKeyFile, 'operator key');
  const post = (path: string, body: object) =>
    requestJson({
      method: 'POST',
      base: server,
      path,
      body,
      apiKey,
      unreachable: 'server_unreachable',
    });
  await post('/v1/tariffs', TARIFF);
  const { drn, decoderKey: _, keyExpiry: _ken, ...attributes } = PUBLIC_TEST_METER;
  const meter = { meter: drn, ...attributes, decoderKeyAlgorithm: 4, tariffId: TARIFF.tariffId };
  await post('/v1/meters', meter).catch((error: unknown) => {
    // Registered by an earlier start, and changed since: a key change leaves another record.
    if (!isStsFault(error) || error.code !== 'meter_exists') throw error;
  });
  await post('/v1/vendors', { ...SANDBOX_VENDOR, creditLimitMinor: 0 });
  if (!existsSync(sellerKeyFile)) {
    // A key is told once. A start cut off between the answer and the file asks for another; the lost one is never used.
    const answer = await post(`/v1/vendors/${SANDBOX_VENDOR.vendorId}/keys`, { label: 'sandbox' });
    writeFileSync(sellerKeyFile, `${z.object({ apiKey: z.string() }).parse(answer).apiKey}\n`, {
      mode: 0o600,
    });
  }
  await post(`/v1/vendors/${SANDBOX_VENDOR.vendorId}/deposits`, {
    requestId: REQUESTS.deposit,
    amountMinor: FLOAT_MINOR,
    currency: SANDBOX_VENDOR.currency,
    reference: 'sandbox float',
  });
  for (const person of [SANDBOX_SELLER, SANDBOX_OPERATOR]) await openPerson(server, apiKey, person);
}

const userShape = z.object({ hasPassword: z.boolean() });

/** Opens a person and sets the password, or what of it an earlier start had left undone. */
async function openPerson(base: string, apiKey: string, person: SandboxPerson): Promise<void> {
  const { userId, name, password, roles, vendorId } = person;
  const unreachable = 'server_unreachable';
  const path = `/v1/users/${userId}`;
  const user = userShape.parse(
    await requestJson({ method: 'GET', base, path, apiKey, unreachable }).catch((error: unknown) => {
      if (!isStsFault(error) || error.code !== 'user_unknown') throw error;
      const body = { name, roles, vendorId, version: 0, reason: 'sandbox' };
      return requestJson({ method: 'PUT', base, path, body, apiKey, unreachable });
    }),
  );
  if (user.hasPassword) return;
  const code = await requestJson({
    method: 'POST',
    base,
    path: `${path}/setup-code`,
    body: { requestId: `sandbox-${userId}` },
    apiKey,
    unreachable,
  });
  const { setupCode } = z.object({ setupCode: z.string() }).parse(code);
  const body = { userId, setupCode, newPassword: password };
  await requestJson({ method: 'POST', base, path: '/v1/session/setup', body, unreachable });
}

const recordShape = z.object({
  tokenNoGrouped: z.string(),
  amountKwh: z.string(),
  paid: z.string(),
  result: z.string(),
});

/** Sells the first token and keys it in, or tells what an earlier start did. */
export async function sellFirstToken(sandbox: {
  readonly server: string;
  readonly meter: string;
  readonly sellerKeyFile: string;
  readonly recordFile: string;
}): Promise<FirstSale> {
  if (existsSync(sandbox.recordFile)) {
    const record = recordShape.safeParse(JSON.parse(readFileSync(sandbox.recordFile, 'utf8')));
    if (record.success) return { ...record.data, enteredNow: false };
  }
  const sale = saleShape.parse(
    await requestJson({
      method: 'POST',
      base: sandbox.server,
      path: '/v1/sales',
      body: {
        requestId: REQUESTS.sale,
        meter: PUBLIC_TEST_METER.drn,
        paidMinor: FIRST_SALE_MINOR,
        currency: SANDBOX_VENDOR.currency,
      },
      apiKey: readSecretFile(sandbox.sellerKeyFile, 'seller key'),
      unreachable: 'server_unreachable',
    }),
  );
  const credit = sale.tokens.find(({ amountKwh }) => amountKwh !== undefined);
  if (credit?.amountKwh === undefined) throw new StsFault('internal_error');
  // All of them in their order: credit is for the key that the sections before it bring.
  let result = '';
  for (const { tokenNo } of inOrder(sale.tokens)) {
    const entered = await requestJson({
      method: 'POST',
      base: sandbox.meter,
      path: '/v1/meter/tokens',
      body: { tokenNo },
      unreachable: 'meter_unreachable',
    });
    ({ result } = entryShape.parse(entered));
  }
  const { tokenNoGrouped, amountKwh } = credit;
  const record = { tokenNoGrouped, amountKwh, paid: '100.00 ZAR', result };
  writeFileSync(sandbox.recordFile, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  return { ...record, enteredNow: true };
}
