/** A real server under sales is scraped, and what it says must add up with what its callers saw and its ledger holds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Metrics } from '../../../vending-server/operation/metrics.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import { report } from '../../support/counts.ts';
import { DRN, OTHER_DRN, startTestServer, type TestServer } from '../furnished.ts';

const test = suite('metrics');
const TOKEN = 'a token of a scraper';

interface Scrape {
  readonly text: string;
  /** Sum over all series of a name whose labels hold these. */
  sum(name: string, labels?: Record<string, string>): number;
}

async function scrape({ server }: TestServer): Promise<Scrape> {
  const headers = { authorization: `Bearer ${TOKEN.replaceAll(' ', '-')}` };
  const reply = await fetch(`${server.metricsUrl}/metrics`, { headers });
  assert.is(reply.status, 200);
  const text = await reply.text();
  const series = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line))
    .map((match) => ({ name: match?.[1] ?? '', labels: match?.[2] ?? '', value: Number(match?.[3]) }));
  return {
    text,
    sum: (name, labels = {}) =>
      series
        .filter((one) => one.name === name)
        .filter((one) =>
          Object.entries(labels).every(([key, value]) => one.labels.includes(`${key}="${value}"`)),
        )
        .reduce((sum, one) => sum + one.value, 0),
  };
}

test('when a server sells then what Prometheus scrapes adds up with the callers and the ledger', async () => {
  const at = await startTestServer(300_000, { metrics: { port: 0, token: TOKEN.replaceAll(' ', '-') } });
  const outcomes = new Map<string, number>();
  const ids = Array.from({ length: 120 }, (_, i) => `sale-${i}`);
  const many = ids.map((id, i) => at.sell(id, { meter: i % 2 === 0 ? DRN : OTHER_DRN, paidMinor: 1000 + i }));
  const again = ids
    .slice(0, 30)
    .map((id, i) => at.sell(id, { meter: i % 2 === 0 ? DRN : OTHER_DRN, paidMinor: 1000 + i }));
  const refused = [
    at.sell('r1', { paidMinor: 1 }),
    at.sell('r2', { meter: '07123456787' }),
    at.sell('r3', { paidMinor: 900_000 }),
    at.sell('r4', { tip: 1 }),
    at.call('POST', '/v1/sales', { key: 'wtk_wrong', body: {} }),
  ];
  for (const reply of await Promise.all([...many, ...again, ...refused])) {
    const replayed = reply.headers.get('idempotent-replayed') === 'true';
    const outcome = reply.status === 201 ? (replayed ? 'replayed' : 'sold') : reply.body.code;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const seen = await scrape(at);
  let checked = 0;
  for (const [outcome, times] of outcomes) {
    assert.is(seen.sum('wattoken_sales_total', { outcome }), times, outcome);
    checked += times;
  }
  assert.is(seen.sum('wattoken_sales_total'), checked);
  assert.is(outcomes.get('sold'), 120);
  const ledger = new Database(join(at.dataFolder, DATABASE_FILE), { readonly: true });
  const entries = ledger.prepare('SELECT max(counter) FROM chain_entry').pluck().get();
  const sales = ledger.prepare('SELECT count(*) FROM sale').pluck().get();
  ledger.close();
  assert.equal([entries, sales], [120, 120]);
  assert.is(seen.sum('wattoken_module_counter'), 120);
  assert.is(seen.sum('wattoken_ledger_counter'), 120);
  assert.is(seen.sum('wattoken_module_batch_tokens_sum'), 120);
  assert.is(seen.sum('wattoken_claims_total', { result: 'claimed' }), 120);
  assert.is(seen.sum('wattoken_claims_open'), 0);
  assert.is(seen.sum('wattoken_unreleased_waiting'), 0);
  assert.is(seen.sum('wattoken_ready'), 1);
  assert.ok(seen.sum('wattoken_store_commit_writes_sum') >= 120);
  assert.ok(seen.sum('wattoken_disk_free_bytes') > 0);
  assert.is(
    seen.sum('wattoken_http_request_seconds_count', { route: '/v1/sales' }),
    checked,
    'every answer has its time',
  );
  assert.match(seen.text, /nodejs_eventloop_lag_seconds/);
  for (const secret of [at.vendorKey, at.operatorKey, DRN, 'shop', 'sale-7']) {
    assert.not(seen.text.includes(secret), 'no name and no secret in a label');
  }
  report(`${checked} sale requests, ${outcomes.size} outcomes: the scrape agrees`);
  await at.close();
});

test('when a scrape comes without its token, to another path or to the public door then there is nothing', async () => {
  const at = await startTestServer(0, { metrics: { port: 0, token: TOKEN.replaceAll(' ', '-') } });
  const codeOf = async (url: string, init: RequestInit = {}) => {
    const reply = await fetch(url, init);
    const body = (await reply.json()) as { code: string };
    return [reply.status, body.code];
  };
  const { metricsUrl } = at.server;
  assert.equal(await codeOf(`${metricsUrl}/metrics`), [401, 'authentication_required']);
  const wrong = { headers: { authorization: `Bearer ${at.operatorKey}` } };
  assert.equal(await codeOf(`${metricsUrl}/metrics`, wrong), [401, 'authentication_required']);
  assert.equal(await codeOf(`${metricsUrl}/`), [404, 'route_unknown']);
  assert.equal(await codeOf(`${metricsUrl}/metrics`, { method: 'POST' }), [405, 'method_not_allowed']);
  assert.equal(await codeOf(`${at.server.url}/metrics`), [404, 'route_unknown']);
  assert.is((await fetch(`${metricsUrl}/live`)).status, 200);
  assert.is((await fetch(`${metricsUrl}/ready`)).status, 200);
  await at.close();
  const quiet = await startTestServer(0);
  assert.is(quiet.server.metricsUrl, undefined, 'no port unless one is asked for');
  await quiet.close();
});

test('when a figure has a name then the page lists it, and nothing else', async () => {
  const page = readFileSync(
    fileURLToPath(new URL('../../../vending-server/operation/README.md', import.meta.url)),
    'utf8',
  );
  const listed = [...page.matchAll(/^\| `(wattoken_\w+)` \|/gm)].map((match) => match[1]);
  const metrics = new Metrics();
  metrics.gauges({
    vending: {} as never,
    clock: {} as never,
    dataFolder: '',
    unreleasedAtStart: 0,
    isReady: async () => true,
  });
  const named = metrics.registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => name.startsWith('wattoken_'));
  assert.equal(listed.sort(), named.sort());
  report(`${named.length} figures documented`);
});

test.run();
