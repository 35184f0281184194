/** Every script of the sandbox, played over HTTP, and the table in the README that integrators read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS, type FaultCode } from '../../../lib/faults.ts';
import { faultsOf } from '../../../vending-server/api/openapi.ts';
import { saleRoutes } from '../../../vending-server/api/sale-routes.ts';
import { SCRIPTED_METERS, type Script } from '../../../vending-server/operation/scripted-meters.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import { report } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import { newDataFolder, removeFolder, startOn, startTestServer } from '../furnished.ts';

const test = suite('scripted meters');

/** What a caller brings about by the request itself, or has no part in: no meter can play it. */
const NOT_A_METERS: readonly FaultCode[] = [
  'authentication_required',
  'permission_denied',
  'client_certificate_wrong',
  'csrf_token_wrong',
  'request_malformed',
  'request_too_large',
  'media_type_unsupported',
  'meter_number_malformed',
  'meter_number_check_digit',
  'vendor_unknown',
  'request_id_reused',
  'sale_reversed',
  'shift_unknown',
  'shift_closed',
  'shift_of_another',
  'tendered_too_little',
];

function outcomeOf(script: Script): string {
  return 'code' in script ? `${script.does} ${script.code}` : script.does;
}

test('every outcome of a sale has its meter, and the README lists them all', () => {
  const [sale] = saleRoutes(() => undefined);
  const played = SCRIPTED_METERS.flatMap(({ script }) => ('code' in script ? [script.code] : []));
  const missing = faultsOf(sale!).filter((code) => !played.includes(code) && !NOT_A_METERS.includes(code));
  assert.equal(missing, []);
  const page = readFileSync(
    fileURLToPath(new URL('../../../vending-server/README.md', import.meta.url)),
    'utf8',
  );
  const listed = [...page.matchAll(/^\| `(99\d{9})` \| (\w+)(?: `(\w+)`)? \|/gm)].map(
    ([, drn, does, code]) => `${drn} ${does}${code === undefined ? '' : ` ${code}`}`,
  );
  assert.equal(
    listed,
    SCRIPTED_METERS.map(({ drn, script }) => `${drn} ${outcomeOf(script)}`),
  );
  report(`${SCRIPTED_METERS.length} scripted meters for ${new Set(played).size} refusals`);
});

test('each meter plays its script, and every sale is real or did not happen', async () => {
  const at = await startTestServer(10_000_000, { sandbox: true });
  let sold = 0;
  let refused = 0;
  for (const [index, { drn, script }] of SCRIPTED_METERS.entries()) {
    const attempt = () => at.sell(`s-${index}`, { meter: drn });
    const startedAt = performance.now();
    const first = await attempt();
    if ('code' in script) {
      assert.equal([first.status, first.body.code], [FAULTS[script.code].http, script.code], drn);
      const { outcome, retry } = FAULTS[script.code];
      assert.equal([first.body.outcome, first.body.retry], [outcome, retry]);
      if (retry === 'later') assert.ok(first.headers.has('retry-after'));
      refused += 1;
    } else {
      assert.is(first.status, 201, drn);
    }
    if (script.does === 'sellsSlowly') assert.ok(performance.now() - startedAt >= script.seconds * 1000 - 5);
    const second = await attempt();
    if (script.does === 'refuses') {
      assert.is(second.body.code, script.code);
      continue;
    }
    assert.is(second.status, 201, drn);
    assert.is(second.headers.get('idempotent-replayed') === 'true', script.does !== 'failsOnce', drn);
    const found = await at.call('GET', `/v1/sales/by-request/s-${index}`, { key: at.vendorKey });
    assert.is(found.text, second.text);
    sold += 1;
    if (script.does !== 'losesAnswer') continue;
    await at.sell(`lost-${index}`, { meter: drn });
    sold += 1;
    const path = `/v1/sales/by-request/lost-${index}/reversal`;
    const undone = await at.call('POST', path, { key: at.vendorKey, body: { reason: 'no answer' } });
    const isLate = script.code === 'request_timed_out';
    assert.equal(
      [undone.status, undone.body.result ?? undone.body.code],
      isLate ? [200, 'reversed'] : [409, 'token_may_be_seen'],
    );
  }
  const look = await at.call('GET', `/v1/meters/${SCRIPTED_METERS[2]!.drn}/look-up`, { key: at.vendorKey });
  assert.is(look.body.canVend, true, 'a look-up comes before a purchase');
  const ledger = new Database(join(at.dataFolder, DATABASE_FILE), { readonly: true });
  assert.is(ledger.prepare('SELECT count(*) FROM sale').pluck().get(), sold);
  ledger.close();
  report(`${sold} scripts ended in one sale each, ${refused} refusals were played`);
  await at.close();
});

test('a live ledger knows no scripts, and neither kind of folder opens as the other', async () => {
  const live = await startTestServer(100_000);
  assert.is((await live.sell('r1', { meter: SCRIPTED_METERS[0]!.drn })).body.code, 'meter_unknown');
  await live.server.close();
  await rejects(startOn(live.dataFolder, { sandbox: true }), fault('ledger_kind_wrong'));
  removeFolder(live.dataFolder);
  const dataFolder = newDataFolder();
  await (await startOn(dataFolder, { sandbox: true })).close();
  await rejects(startOn(dataFolder), fault('ledger_kind_wrong'));
  await (await startOn(dataFolder, { sandbox: true })).close();
  removeFolder(dataFolder);
});

test.run();
