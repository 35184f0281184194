/** Messages across SIGKILLs of a real process: nothing that was sold goes untold, and what is told twice has one id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pathsOf } from '../../../vending-server/config.ts';
import { chance } from '../../support/chance.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { openReceiver } from '../../support/receiver.ts';
import { DRN, passphraseFileOf, removeFolder, startTestServer, VENDOR_ID } from '../furnished.ts';

const PROGRAM = fileURLToPath(new URL('../../support/messaging-server.mjs', import.meta.url));
const KILLS = count(60, 3);
const SALES_BETWEEN = 12;

interface Child {
  readonly url: string;
  readonly process: ChildProcess;
}

async function start(dataFolder: string): Promise<Child> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', PROGRAM, dataFolder, passphraseFileOf(dataFolder)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit').then(() => {
    throw new Error('the server ended before it was ready');
  });
  const [line] = (await Promise.race([once(child.stdout!, 'data'), exited])) as [Buffer];
  exited.catch(() => undefined);
  return { url: String(line).trim(), process: child };
}

const test = suite('messages across SIGKILL');

test('when the server is killed at random points then every sale is told, and twice only under one id', async () => {
  const seed = seedOf('messages across SIGKILL');
  const draw = chance(seed);
  const receiver = await openReceiver();
  // A receiver in trouble now and then: retries are under way when the process dies.
  receiver.answer = (_request, response) => {
    const trouble = draw(10);
    if (trouble < 2) response.writeHead(503).end();
    else if (trouble === 2) response.socket?.destroy();
    else setTimeout(() => response.writeHead(204).end(), draw(30));
  };
  const at = await startTestServer(0, { notify: { allowPrivateWebhooks: true } });
  const slip = { requestId: 'much', amountMinor: 100_000_000, currency: 'ZAR', reference: 'slip' };
  await at.call('POST', `/v1/vendors/${VENDOR_ID}/deposits`, { key: at.operatorKey, body: slip });
  await at.call('POST', '/v1/webhooks', { key: at.vendorKey, body: { url: receiver.url } });
  await at.server.close();
  const sold = new Map<string, string>();
  const sell = async (url: string, requestId: string) => {
    const sendTo = { phone: '+254700000001' };
    const body = JSON.stringify({ requestId, meter: DRN, paidMinor: 1000, currency: 'ZAR', sendTo });
    const headers = { Authorization: `Bearer ${at.vendorKey}`, 'Content-Type': 'application/json' };
    const reply = await fetch(`${url}/v1/sales`, { method: 'POST', headers, body });
    const answer = (await reply.json()) as { saleId?: string };
    if (reply.status === 201 && answer.saleId !== undefined) sold.set(requestId, answer.saleId);
  };
  let asked = 0;
  let child = await start(at.dataFolder);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { url, process: running } = child;
    const gone = once(running, 'exit');
    const first = asked;
    setTimeout(() => running.kill('SIGKILL'), draw(250));
    while (asked < first + SALES_BETWEEN) {
      asked += 1;
      const ok = await sell(url, `r${asked}`).then(
        () => true,
        () => false,
      );
      if (!ok) break;
    }
    running.kill('SIGKILL');
    await gone;
    child = await start(at.dataFolder);
  }
  for (let request = 1; request <= asked; request += 1) await sell(child.url, `r${request}`);
  assert.is(sold.size, asked);
  const ids = () => new Set(receiver.received.map(({ headers }) => String(headers['webhook-id'])));
  const spool = join(pathsOf(at).spoolFolder, 'sms');
  const files = () => readdirSync(spool).filter((name) => name.endsWith('.json'));
  const open = async () => {
    const reply = await fetch(`${child.url}/v1/deliveries?state=waiting&limit=1`, {
      headers: { Authorization: `Bearer ${at.operatorKey}` },
    });
    return ((await reply.json()) as { deliveries: unknown[] }).deliveries.length;
  };
  const end = Date.now() + 60_000;
  while ((await open()) > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(await open(), 0, 'nothing waits any more');
  const stems = [...sold.values()].map((saleId) => saleId.slice('sale_'.length)).sort();
  assert.equal([...ids()].map((id) => id.split('_')[1]).sort(), stems, 'each sale is told by webhook');
  assert.equal(
    files().sort(),
    stems.map((stem) => `msg_${stem}_sms.json`),
    'each sale is spooled once',
  );
  for (const name of files()) JSON.parse(readFileSync(join(spool, name), 'utf8'));
  const bodies = new Map<string, string>();
  for (const { headers, body } of receiver.received) {
    const id = String(headers['webhook-id']);
    assert.is(bodies.get(id) ?? body, body, 'one id, one body');
    bodies.set(id, body);
  }
  child.process.kill('SIGTERM');
  await once(child.process, 'exit');
  await receiver.close();
  removeFolder(at.dataFolder);
  report(
    `${KILLS} kills, ${asked} sales, ${receiver.received.length} calls of the webhook, ${ids().size} messages`,
  );
});

test.run();
