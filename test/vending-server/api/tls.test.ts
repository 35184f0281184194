/** TLS and client certificates, with certificates made here and real connections. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import type { RunningServer } from '../../../vending-server/main.ts';
import { type Issued, makeAuthority } from '../../support/certificates.ts';
import { DRN, METER_REQUEST, newDataFolder, removeFolder, startOn, TERMS } from '../furnished.ts';

const test = suite('TLS and client certificates');

const serverAuthority = makeAuthority('server authority');
const vendorAuthority = makeAuthority('vendor authority');
const strangers = makeAuthority('vendor authority'); // the same name, another key

interface Shop {
  readonly server: RunningServer;
  readonly dataFolder: string;
  readonly operatorKey: string;
  readonly vendorKey: string;
  readonly certFile: string;
  readonly keyFile: string;
}

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came.
  readonly body: any;
  readonly protocol: string | null;
  readonly headers: Record<string, unknown>;
}

interface Call {
  readonly method?: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly client?: Issued;
  readonly tls?: ConnectionOptions;
}

function call(
  server: RunningServer,
  path: string,
  { method = 'GET', key, body, client, tls }: Call,
): Promise<Reply> {
  const headers = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      `${server.url}${path}`,
      { method, headers, ca: serverAuthority.cert, agent: false, ...(client ?? {}), ...tls },
      (response) => {
        let text = '';
        const socket = response.socket as unknown as { getProtocol(): string | null };
        const protocol = socket.getProtocol();
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(text),
            protocol,
            headers: response.headers,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function openShop(withClientCa: boolean): Promise<Shop> {
  const dataFolder = newDataFolder();
  const certFile = join(dataFolder, 'door.crt');
  const keyFile = join(dataFolder, 'door.pem');
  const clientCaFile = join(dataFolder, 'vendors.crt');
  put(certFile, keyFile, serverAuthority.issue('localhost', { addresses: ['127.0.0.1', 'localhost'] }));
  writeFileSync(clientCaFile, vendorAuthority.cert);
  const tls = { certFile, keyFile, ...(withClientCa ? { clientCaFile } : {}) };
  const server = await startOn(dataFolder, { tls });
  const operatorKey = readFileSync(server.operatorKeyPath, 'utf8').trim();
  const must = async (path: string, body: unknown) => {
    const reply = await call(server, path, { method: 'POST', key: operatorKey, body });
    assert.is(reply.status, 201, path);
    return reply.body;
  };
  await must('/v1/tariffs', { tariffId: 'home', terms: TERMS });
  await must('/v1/meters', METER_REQUEST);
  const { apiKey } = await must('/v1/vendors', { vendorId: 'shop', name: 'Corner shop', currency: 'ZAR' });
  const slip = { requestId: 'first', amountMinor: 1_000_000, currency: 'ZAR', reference: 'slip' };
  await must('/v1/vendors/shop/deposits', slip);
  return { server, dataFolder, operatorKey, vendorKey: apiKey, certFile, keyFile };
}

function put(certFile: string, keyFile: string, { cert, key }: Issued): void {
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
}

async function closeShop({ server, dataFolder }: Shop): Promise<void> {
  await server.close();
  removeFolder(dataFolder);
}

let sales = 0;
function sell({ server, vendorKey }: Shop, client?: Issued): Promise<Reply> {
  sales += 1;
  const body = { requestId: `tls-${sales}`, meter: DRN, paidMinor: 1000, currency: 'ZAR' };
  return call(server, '/v1/sales', {
    method: 'POST',
    key: vendorKey,
    body,
    ...(client === undefined ? {} : { client }),
  });
}

function fingerprintOf({ cert }: Issued): string {
  return new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
}

test('the door speaks TLS 1.2 and 1.3 and nothing older, and no plain HTTP', async () => {
  const shop = await openShop(false);
  assert.match(shop.server.url, /^https:/);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const reply = await call(shop.server, '/health', { tls: { minVersion: version, maxVersion: version } });
    assert.equal([reply.status, reply.protocol], [200, version]);
    assert.match(String(reply.headers['strict-transport-security']), /max-age=/);
  }
  const old = call(shop.server, '/health', {
    tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
  });
  assert.ok((await old.catch((error: Error) => error)) instanceof Error, 'TLS 1.1 is refused');
  const weak = call(shop.server, '/health', { tls: { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' } });
  assert.ok(
    (await weak.catch((error: Error) => error)) instanceof Error,
    'no cipher without forward secrecy',
  );
  const plain = await fetch(shop.server.url.replace('https', 'http')).catch((error: Error) => error);
  assert.ok(plain instanceof Error);
  assert.is((await sell(shop)).status, 201);
  await closeShop(shop);
});

test('a vendor with a bound certificate sells with it and with nothing else', async () => {
  const shop = await openShop(true);
  const [mine, other] = [vendorAuthority.issue('till-1'), vendorAuthority.issue('till-2')];
  const forged = strangers.issue('till-1');
  assert.is((await sell(shop)).status, 201, 'nothing is bound yet');
  const bind = (body: unknown, path = '') =>
    call(shop.server, `/v1/vendors/shop/certificates${path}`, {
      method: 'POST',
      key: shop.operatorKey,
      body,
    });
  const mineBound = { kind: 'fingerprint', value: fingerprintOf(mine) };
  assert.is((await bind(mineBound)).status, 201);
  assert.is((await bind(mineBound)).status, 200);
  const refusedWith = async (client?: Issued) => {
    const { status, body } = await sell(shop, client);
    return status === 201 ? 'sold' : body.code;
  };
  assert.is(await refusedWith(), 'client_certificate_wrong');
  assert.is(await refusedWith(other), 'client_certificate_wrong');
  assert.is(await refusedWith(forged), 'client_certificate_wrong');
  assert.is(await refusedWith(mine), 'sold');
  // By the subject: every certificate that our authority, and no other of its name, issues to it.
  assert.is((await bind({ kind: 'subject', value: 'till-2' })).body.certificates.length, 2);
  assert.is(await refusedWith(other), 'sold');
  assert.is(await refusedWith(vendorAuthority.issue('till-2')), 'sold');
  assert.is(await refusedWith(strangers.issue('till-2')), 'client_certificate_wrong');
  // The operator has none and is not asked for one; a stranger may not bind.
  const look = await call(shop.server, '/v1/vendors/shop/certificates', { key: shop.operatorKey });
  assert.is(look.body.certificates.length, 2);
  const foreign = await call(shop.server, '/v1/vendors/shop/certificates', {
    key: shop.vendorKey,
    client: mine,
  });
  assert.is(foreign.body.code, 'permission_denied');
  assert.is((await bind(mineBound, '/unbind')).body.certificates.length, 1);
  assert.is(await refusedWith(mine), 'client_certificate_wrong');
  await bind({ kind: 'subject', value: 'till-2' }, '/unbind');
  assert.is(await refusedWith(), 'sold');
  await closeShop(shop);
});

test('a bound vendor is refused at a door that asks for no certificates', async () => {
  const shop = await openShop(false);
  await call(shop.server, '/v1/vendors/shop/certificates', {
    method: 'POST',
    key: shop.operatorKey,
    body: { kind: 'subject', value: 'till-1' },
  });
  assert.is((await sell(shop, vendorAuthority.issue('till-1'))).body.code, 'client_certificate_wrong');
  await closeShop(shop);
});

/** The certificate that the door shows to a new connection. */
function shown(server: RunningServer): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: serverAuthority.cert }, () => {
      resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('a new certificate is taken without a restart, and a broken one is left alone', async () => {
  const shop = await openShop(false);
  const first = await shown(shop.server);
  const renewed = serverAuthority.issue('localhost', { addresses: ['127.0.0.1'] });
  put(shop.certFile, shop.keyFile, renewed);
  shop.server.reloadTls();
  assert.is(await shown(shop.server), fingerprintOf(renewed));
  assert.is.not(first, fingerprintOf(renewed));
  writeFileSync(shop.keyFile, serverAuthority.issue('x').key); // not of this certificate
  shop.server.reloadTls();
  writeFileSync(shop.certFile, renewed.cert.slice(0, 200));
  shop.server.reloadTls();
  assert.is(await shown(shop.server), fingerprintOf(renewed));
  assert.is((await sell(shop)).status, 201);
  await closeShop(shop);
});

test('files that cannot be used are refused by name before a port is opened', async () => {
  const dataFolder = newDataFolder();
  const issued = serverAuthority.issue('localhost');
  const [certFile, keyFile] = [join(dataFolder, 'a.crt'), join(dataFolder, 'a.pem')];
  const cases: [string, string][] = [
    ['', issued.key],
    [issued.cert, ''],
    [issued.cert.slice(0, 100), issued.key],
    [issued.cert, serverAuthority.issue('other').key],
    [issued.key, issued.cert],
  ];
  for (const [cert, key] of cases) {
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    const error = await startOn(dataFolder, { tls: { certFile, keyFile } }).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(isStsFault(error) && error.code === 'tls_unusable');
    assert.not(error.message.includes('PRIVATE'), 'no key in a message');
  }
  removeFolder(dataFolder);
});

test.run();
