import { createPublicKey, verify } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ReceiptAnswer, VerifyAnswer } from '../../../vending-server/api/receipt-schemas.ts';
import { pathsOf } from '../../../vending-server/config.ts';
import { newDataFolder, startOn, startTestServer, type TestServer } from '../furnished.ts';

const test = suite<{ at: TestServer; saleId: string }>('receipts over HTTP');

const BLOCKS = {
  currency: 'ZAR',
  timeZone: 'Africa/Johannesburg',
  vatRate: '0.15',
  energy: {
    kind: 'blocks',
    blocks: [
      { untilDeciKwh: 500, pricePerKwh: '1.5' },
      { untilDeciKwh: null, pricePerKwh: '3' },
    ],
  },
};

test.before(async (context) => {
  context.at = await startTestServer(100_000);
  const { at } = context;
  const body = { tariffId: 'blocks', terms: BLOCKS };
  assert.is((await at.call('POST', '/v1/tariffs', { key: at.operatorKey, body })).status, 201);
  const meter = {
    encryptionAlgorithm: 11,
    decoderKeyAlgorithm: 4,
    supplyGroupCode: '201457',
    tariffIndex: 1,
    keyRevision: 1,
    keyType: 2,
    baseDate: '14',
    tariffId: 'blocks',
  };
  const drn = '04000000002';
  const put = await at.call('POST', '/v1/meters', { key: at.operatorKey, body: { ...meter, meter: drn } });
  assert.is(put.status, 201, put.text);
  const debt = {
    debtId: 'd1',
    label: 'Old account',
    amountMinor: 5000,
    currency: 'ZAR',
    recovery: { kind: 'fixed', amountMinor: 1000 },
  };
  await at.call('POST', `/v1/meters/${drn}/debts`, { key: at.operatorKey, body: debt });
  const sold = await at.sell('receipt', { meter: drn, paidMinor: 20_000 });
  assert.is(sold.status, 201, sold.text);
  context.saleId = sold.body.saleId;
});
test.after(async ({ at }) => {
  await at.close();
});

test('when a receipt is asked for then each form comes in its type, the same bytes each time', async ({
  at,
  saleId,
}) => {
  const path = `/v1/sales/${saleId}/receipt`;
  const forms: [query: string, accept: string, type: string][] = [
    ['?format=json', '*/*', 'application/json; charset=utf-8'],
    ['', 'application/json', 'application/json; charset=utf-8'],
    ['?format=text32', '*/*', 'text/plain; charset=utf-8'],
    ['?format=text48&lang=sw&copy=true', '*/*', 'text/plain; charset=utf-8'],
    ['', 'text/plain', 'text/plain; charset=utf-8'],
    ['?format=pdf', '*/*', 'application/pdf'],
    ['?format=pdf&paper=a4&lang=fr', '*/*', 'application/pdf'],
    ['', 'application/pdf', 'application/pdf'],
  ];
  for (const [query, accept, type] of forms) {
    const ask = () => at.call('GET', path + query, { key: at.vendorKey, headers: { Accept: accept } });
    const first = await ask();
    assert.equal([first.status, first.headers.get('content-type')], [200, type], query || accept);
    assert.is((await ask()).text, first.text);
    assert.is(first.text.startsWith('%PDF-'), type === 'application/pdf');
  }
  const text = (await at.call('GET', `${path}?format=text32`, { key: at.operatorKey })).text;
  for (const told of [
    /Debt: Old account/,
    /Still owed: Old account/,
    /Block before +1 @ 1\.5\n/,
    /Blocks begin anew on /,
  ]) {
    assert.match(text, told);
  }
  assert.match(
    await at.call('GET', `${path}?format=text48&copy=true`, { key: at.vendorKey }).then((r) => r.text),
    /\*\*\* COPY \*\*\*/,
  );
});

test('when the JSON is checked with the published key then it is genuine, and so is its code at the door', async ({
  at,
  saleId,
}) => {
  const printed = (await at.call('GET', `/v1/sales/${saleId}/receipt`, { key: at.vendorKey })).body;
  ReceiptAnswer.parse(printed);
  const { seal, receipt, qrText } = printed;
  const keys = (await at.call('GET', '/v1/receipt-keys')).body;
  const { publicKey } = keys.keys.find(({ keyId }: { keyId: string }) => keyId === seal.keyId);
  const signed = [
    'wattoken-receipt-1',
    seal.keyId,
    receipt.receiptNumber,
    receipt.currency,
    receipt.paidMinor,
    seal.tokensDigest,
    seal.receiptHash,
  ].join('\n');
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  assert.ok(verify(null, Buffer.from(signed), key, Buffer.from(seal.signature, 'base64url')));
  const check = async (code: string) =>
    at.call('GET', `/v1/receipts/verify?code=${encodeURIComponent(code)}`);
  const genuine = (await check(qrText)).body;
  VerifyAnswer.parse(genuine);
  assert.equal(
    [genuine.result, genuine.sealed.receiptNumber, genuine.sealed.paidMinor],
    ['genuine', receipt.receiptNumber, 20_000],
  );
  const forged = (await check(qrText.replace('.20000.', '.90000.'))).body;
  assert.equal(forged, { result: 'forged', sealed: null });
  const unknown = (await check(qrText.replace(seal.keyId, '0123456789abcdef'))).body;
  assert.equal(unknown, { result: 'unknownKey', sealed: null });
  for (const bad of ['', 'WTR1', 'x'.repeat(700)]) {
    const reply = await check(bad);
    assert.equal([reply.status, reply.body.code, reply.body.param], [400, 'request_malformed', 'code'], bad);
  }
});

test('when the key is changed then old receipts verify and new ones are signed with the new one', async ({
  at,
  saleId,
}) => {
  const path = `/v1/sales/${saleId}/receipt`;
  const before = (await at.call('GET', path, { key: at.vendorKey })).body;
  assert.is(
    (await at.call('POST', '/v1/receipt-keys', { key: at.vendorKey, body: { reason: 'yearly' } })).body.code,
    'permission_denied',
  );
  const made = await at.call('POST', '/v1/receipt-keys', { key: at.operatorKey, body: { reason: 'yearly' } });
  assert.is(made.status, 201);
  assert.not.match(made.text, /PRIVATE/);
  const after = (await at.call('GET', path, { key: at.vendorKey })).body;
  assert.is(after.seal.keyId, made.body.keyId);
  assert.is.not(after.seal.keyId, before.seal.keyId);
  assert.is(after.seal.receiptHash, before.seal.receiptHash);
  for (const { qrText } of [before, after]) {
    assert.is((await at.call('GET', `/v1/receipts/verify?code=${qrText}`)).body.result, 'genuine');
  }
  const { receiptKeyPath, webhookMasterPath } = pathsOf({ dataFolder: at.dataFolder });
  for (const path of [receiptKeyPath, webhookMasterPath]) assert.is(statSync(path).mode & 0o777, 0o600);
});

test('when what is asked for is not there, or not theirs, then it is refused by name', async ({
  at,
  saleId,
}) => {
  const key = at.vendorKey;
  const path = `/v1/sales/${saleId}/receipt`;
  const opened = await at.call('POST', '/v1/vendors', {
    key: at.operatorKey,
    body: { vendorId: 'other', name: 'Other', currency: 'ZAR' },
  });
  const codes = await Promise.all([
    at.call('GET', path),
    at.call('GET', path, { key: opened.body.apiKey }),
    at.call('GET', '/v1/sales/none/receipt', { key }),
    at.call('GET', `${path}?format=html`, { key }),
    at.call('GET', `${path}?lang=xx`, { key }),
    at.call('GET', `${path}?copies=1`, { key }),
    at.call('GET', `${path}?format=json&format=pdf`, { key }),
  ]);
  assert.equal(
    codes.map(({ body }) => body.code),
    [
      'authentication_required',
      'sale_unknown',
      'sale_unknown',
      'request_malformed',
      'request_malformed',
      'request_malformed',
      'request_malformed',
    ],
  );
});

test('when settings are given then they are printed, and the code is an address; wrong ones are refused', async () => {
  const at = await startTestServer(50_000);
  const settings = {
    utility: { name: 'Thaba Municipality', taxNumber: '4010123456' },
    language: 'fr',
    publicUrl: 'https://vend.example',
    vatInvoicePrefix: 'TI-',
  };
  writeFileSync(join(at.dataFolder, 'receipt.json'), JSON.stringify(settings));
  const sold = await at.sell('one');
  await at.server.close();
  const again = await startOn(at.dataFolder);
  const get = (query: string) =>
    fetch(`${again.url}/v1/sales/${sold.body.saleId}/receipt${query}`, {
      headers: { Authorization: `Bearer ${at.vendorKey}` },
    });
  const printed = (await (await get('')).json()) as { qrText: string };
  assert.match(printed.qrText, /^https:\/\/vend\.example\/customer#WTR1\./);
  const text = await (await get('?format=text48')).text();
  assert.match(text, /Thaba Municipality[\s\S]*Numéro fiscal +4010123456/);
  assert.match(text, /Reçu +([0-9a-f]{8}-\d+)[\s\S]*Facture TVA +TI-\1/);
  await again.close();
  for (const wrong of [
    '{',
    '{"langage":"fr"}',
    '{"language":"xx"}',
    '{"fontFile":"/none"}',
    '{"vatInvoicePrefix":""}',
  ]) {
    writeFileSync(join(at.dataFolder, 'receipt.json'), wrong);
    const refused = await startOn(at.dataFolder).then(
      () => 'started',
      (error: { code?: string }) => error.code,
    );
    assert.is(refused, 'usage', wrong);
  }
  await at.close();
});

test('when a first start makes its keys then a second one finds the same', async () => {
  const dataFolder = newDataFolder();
  const keyIds: string[] = [];
  for (let start = 0; start < 2; start += 1) {
    const server = await startOn(dataFolder);
    const keys = (await (await fetch(`${server.url}/v1/receipt-keys`)).json()) as {
      currentKeyId: string;
      keys: unknown[];
    };
    keyIds.push(keys.currentKeyId);
    assert.is(keys.keys.length, 1);
    await server.close();
  }
  assert.is(keyIds[0], keyIds[1]);
});

test.run();
