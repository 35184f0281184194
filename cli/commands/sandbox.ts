/**
 * `wattoken sandbox`, which is `npm start`: a whole utility with public test keys. A server and a meter as two processes,
 * a vendor with some float, and on the first start one token, sold and keyed in. Everything durable stands in the data
 * folder: a second start goes on where the first stopped.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type ChildCommand, startChild } from '../child.ts';
import { makeFolder } from '../files.ts';
import { untilStopped } from '../lifecycle.ts';
import { type OutputOptions, printResult, table, tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { PUBLIC_TEST_METER, PUBLIC_TEST_VENDING_KEY } from '../public-test-values.ts';
import {
  type FirstSale,
  furnishUtility,
  SANDBOX_OPERATOR,
  SANDBOX_SELLER,
  SANDBOX_VENDOR,
  sellFirstToken,
} from '../sandbox-utility.ts';
import { watchMeter } from '../watch-meter.ts';

export interface SandboxOptions extends OutputOptions {
  readonly data: string;
  readonly serverPort: number;
  readonly meterPort: number;
  readonly load: number;
  readonly speed: number | 'max';
}

/** Where things stand below the data folder. */
function places(data: string) {
  return {
    server: join(data, 'server'),
    meter: join(data, 'meter'),
    passphrase: join(data, 'server', 'passphrase'),
    keyStore: join(data, 'server', 'key-store.wks'),
    operatorKey: join(data, 'server', 'operator.key'),
    meterFile: join(data, 'meter', 'meter.json'),
    sellerKey: join(data, 'seller.key'),
    firstSale: join(data, 'first-sale.json'),
  };
}

type Places = ReturnType<typeof places>;

export async function runSandbox(options: SandboxOptions): Promise<void> {
  const at = places(options.data);
  await withProgress('preparing the sandbox', () => prepareFiles(at));
  const children: ChildCommand[] = [];
  const stopChildren = async () => void (await Promise.all(children.map((child) => child.stop())));
  try {
    const [server, meter] = await withProgress('starting server and meter', () =>
      startBoth(at, options, children),
    );
    const firstSale = await withProgress('selling the first token', async () => {
      await furnishUtility(server, at.operatorKey, at.sellerKey);
      return sellFirstToken({ server, meter, sellerKeyFile: at.sellerKey, recordFile: at.firstSale });
    });
    announce(options, at, server, meter, firstSale);
    const watch = options.json === true ? undefined : watchMeter(meter);
    const died = Promise.race(children.map((child) => child.died));
    await Promise.race([
      untilStopped(async () => {
        watch?.stop();
        await stopChildren();
      }),
      died,
    ]);
    watch?.stop();
    tell('sandbox stopped; npm start goes on from here');
  } finally {
    await stopChildren();
  }
}

async function startBoth(
  at: Places,
  options: SandboxOptions,
  children: ChildCommand[],
): Promise<[string, string]> {
  const server = startChild(
    [
      'server',
      'start',
      '--data',
      at.server,
      '--port',
      String(options.serverPort),
      '--passphrase-file',
      at.passphrase,
      '--sandbox',
      '--persons',
      '1',
    ],
    { '--port': '--server-port' },
  );
  const meter = startChild(
    // biome-ignore format: flag and value side by side
    [
      'meter', 'run', '--data', at.meter, '--meter-file', at.meterFile, '--port', String(options.meterPort),
      '--load', String(options.load), '--speed', String(options.speed),
    ],
    { '--port': '--meter-port' },
  );
  children.push(server, meter);
  const [serverReady, meterReady] = await Promise.all([server.ready, meter.ready]);
  return [serverReady.url, meterReady.url];
}

/** The key store with the one public key, its passphrase, and the meter's factory settings. */
async function prepareFiles(at: Places): Promise<void> {
  for (const folder of [at.server, at.meter]) makeFolder(folder);
  if (!existsSync(at.passphrase)) {
    writeFileSync(at.passphrase, 'public sandbox passphrase, protects public test keys only\n', {
      mode: 0o600,
    });
  }
  if (!existsSync(at.meterFile)) {
    const note = 'PUBLIC TEST VALUES of STS 531-1: this meter is a toy';
    writeFileSync(at.meterFile, `${JSON.stringify({ note, ...PUBLIC_TEST_METER }, null, 2)}\n`, {
      mode: 0o600,
    });
  }
  if (existsSync(at.keyStore)) return;
  const { makeKeyStore } = await import('./keystore.ts');
  await makeKeyStore(at.keyStore, at.passphrase, [PUBLIC_TEST_VENDING_KEY]);
}

/** Counter and meter know each other: what stands behind `#` never reaches a server, and each page shows it as a link. */
function pagesOf(server: string, meter: string) {
  return {
    counter: `${server}/#meter=${meter}/`,
    control: `${server}/control`,
    customer: `${server}/customer`,
    face: `${meter}/#counter=${server}/`,
  };
}

function announce(options: SandboxOptions, at: Places, server: string, meter: string, sale: FirstSale): void {
  const path = (file: string) => relative('.', file) || file;
  const { drn } = PUBLIC_TEST_METER;
  const pages = pagesOf(server, meter);
  const vend = `npx wattoken vend ${drn} 25 --server ${server} --api-key-file ${path(at.sellerKey)}`;
  const enter = `npx wattoken meter enter <token> --meter ${meter}`;
  const text = [
    '',
    'Wattoken sandbox: a utility with public test keys. Nothing here protects anything.',
    '',
    table([
      ['counter', pages.counter],
      ['', `sign in as "${SANDBOX_SELLER.userId}", password "${SANDBOX_SELLER.password}"`],
      ['control room', pages.control],
      ['', `sign in as "${SANDBOX_OPERATOR.userId}", password "${SANDBOX_OPERATOR.password}"`],
      ['customer', pages.customer],
      ['meter', pages.face],
      ['', `DRN ${drn}, load ${options.load} W, ${speedText(options.speed)}`],
      ['server', `API: ${server}/v1/openapi.json`],
      ['data', path(options.data)],
      ['sold', `${sale.tokenNoGrouped}   ${sale.amountKwh} kWh for ${sale.paid}`],
      ['keyed in', sale.enteredNow ? `${sale.result}, relay closes` : `${sale.result}, on an earlier start`],
      ['seller', `vendor "${SANDBOX_VENDOR.vendorId}", API key in ${path(at.sellerKey)}`],
      ['buy more', vend],
      ['key it in', enter],
    ]),
    '',
    'Ctrl-C stops both.',
    '',
  ].join('\n');
  printResult(
    options,
    {
      ...pages,
      seller: personOf(SANDBOX_SELLER),
      operator: personOf(SANDBOX_OPERATOR),
      server,
      meter,
      drn,
      data: options.data,
      sellerKeyFile: at.sellerKey,
      firstSale: sale,
    },
    text,
  );
}

function personOf({ userId, name, password }: typeof SANDBOX_SELLER | typeof SANDBOX_OPERATOR) {
  return { userId, name, password };
}

function speedText(speed: number | 'max'): string {
  return speed === 'max' ? 'as fast as it can' : speed === 1 ? 'real time' : `${speed} times real time`;
}
