/** Two whole servers of one utility on one PostgreSQL: limits of the day that hold for both together. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exportLedger, verifyDataFolder, verifyExport, witnessLedger } from '../../vending-server/audit.ts';
import type { FindingKind } from '../../vending-server/ledger/findings.ts';
// @ts-expect-error: a plain script, as an outsider would write it
import { verifyExportBytes } from '../reference/ledger-verifier.mjs';
import { count, report } from '../support/counts.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { ask, checkBooks } from '../support/postgres-books.ts';
import { type Running, runCli } from '../support/processes.ts';
import {
  furnish,
  makeUtility,
  operatorKeyOf,
  post,
  publicMeters,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

const test = suite('e2e: a utility on PostgreSQL');

const METERS = publicMeters(24);
const LIMIT = count(2_000, 60);
const CALLERS = 16;
const PAID_MINOR = 700;

let postgres: TestPostgres;
let url: string;
let keys: Map<string, string>;
const utilities: Utility[] = [];
const servers: Running[] = [];
const urlOf = (index: number) => servers[index % servers.length]?.ready['url'] ?? '';

test.before(async () => {
  [postgres] = await Promise.all([
    startPostgres(),
    ...[0, 1].map(async () => utilities.push(await makeUtility())),
  ]);
  url = await postgres.createDatabase();
  for (const utility of utilities) servers.push(await startUtilityServer(utility, ['--database', url]));
  const vendors = ['near', 'free'].map((vendorId) => ({ vendorId, floatMinor: 100_000_000 }));
  keys = await furnish(utilities[0]!, urlOf(0), vendors, METERS);
});
test.after(async () => {
  for (const server of servers) await server.kill();
  for (const utility of utilities) utility.remove();
  await postgres?.stop();
});

const sell = (vendorId: string, requestId: string, meter: string, index: number) =>
  post(`${urlOf(index)}/v1/sales`, keys.get(vendorId) ?? '', {
    ...{ requestId, meter, paidMinor: PAID_MINOR, currency: 'ZAR' },
  });

test('when two servers sell for one vendor up to its limit then together they never pass it', async () => {
  const operatorKey = operatorKeyOf(utilities[0]!);
  const rule = {
    ...{ kind: 'dayLimit', effect: 'refuse', vendorId: 'near', scope: 'vendor' },
    ...{ salesMax: null, paidMinorMax: LIMIT * PAID_MINOR, amountDeciKwhMax: null },
  };
  const set = await fetch(`${urlOf(0)}/v1/limit-rules/near-day`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(rule),
  });
  assert.ok(set.ok, `${set.status} ${await set.text()}`);
  const answers = { sold: [0, 0], refused: [0, 0] };
  const odd: string[] = [];
  let asked = 0;
  // A third more than may be sold, at both at once, each caller at one of them; and all of it once more, with the same ids.
  const caller = async (who: number) => {
    while (asked < Math.ceil(LIMIT * 1.4)) {
      asked += 1;
      const number = asked;
      const { drn } = METERS[number % METERS.length]!;
      const reply = await sell('near', `n-${number}`, drn, who);
      const again = await sell('near', `n-${number}`, drn, who + 1);
      if (reply.status === 201 && again.text !== reply.text) odd.push(again.text);
      if (reply.status === 201) answers.sold[who % 2]! += 1;
      else if (reply.body.code === 'limit_reached') {
        // What was refused because others had claimed, and came to nothing, may pass when it is asked again.
        answers[again.status === 201 ? 'sold' : 'refused'][who % 2]! += 1;
      } else odd.push(reply.text);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, who) => caller(who)));
  assert.equal(odd, []);
  const [day] = await ask(url, "SELECT sales, paid_minor FROM day_count WHERE subject = 'near'");
  const [sold] = await ask(
    url,
    "SELECT count(*) AS n, sum(paid_minor) AS paid FROM sale WHERE vendor_id = 'near'",
  );
  assert.equal([Number(day?.['sales']), Number(day?.['paid_minor'])], [LIMIT, LIMIT * PAID_MINOR]);
  assert.equal([Number(sold?.['n']), Number(sold?.['paid'])], [LIMIT, LIMIT * PAID_MINOR]);
  const sum = ([first = 0, second = 0]: readonly number[]) => first + second;
  assert.is(sum(answers.sold), LIMIT);
  assert.ok(
    answers.sold.every((each) => each > 0),
    `both have sold: ${answers.sold}`,
  );
  assert.is((await sell('free', 'f-1', METERS[0]!.drn, 1)).status, 201, 'another vendor is not limited');
  const alarms = await ask(url, "SELECT 1 FROM alarm WHERE rule_id = 'near-day'");
  assert.ok(alarms.length > 0);
  const books = await checkBooks(url, "'vendor:' || v.vendor_id || ':float:ZAR'");
  assert.is(books.sales, LIMIT + 1);
  report(
    `a limit of ${LIMIT} sales asked of two servers ${asked} times: ${answers.sold.join(' + ')} sold, ` +
      `${answers.refused.join(' + ')} refused`,
  );
});

/** Runs a command of the ledger on the shared database. */
async function ledger(verb: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runCli(['ledger', verb, ...args, '--json']);
  return { code, stderr, said: stdout === '' ? undefined : JSON.parse(stdout) };
}

test('when a token of one server is asked of the other then the chain that it stands in is told', async () => {
  const operatorKey = operatorKeyOf(utilities[0]!);
  const { body: sale } = await sell('free', 'asked-elsewhere', METERS[0]?.drn ?? '', 0);
  const { tokenNo } = sale.tokens[0];
  const [own, other] = await Promise.all(
    [0, 1].map((index) => post(`${urlOf(index)}/v1/tokens/verify`, operatorKey, { tokenNo })),
  );
  assert.is(own?.body.ledger.moduleId, sale.ledger.moduleId);
  assert.equal(other?.body, own?.body);
});

test('when the books are on PostgreSQL then export, proof, witness and search are those of SQLite', async () => {
  const folder = utilities[0]!.folder;
  const at = ['--database', url];
  const file = (name: string) => join(folder, name);
  const sale = await sell('free', 'f-2', METERS[1]!.drn, 0);
  const other = await sell('free', 'f-3', METERS[2]!.drn, 1);
  const modules: string[] = [sale, other].map(({ body }) => body.ledger.moduleId);
  assert.is(new Set(modules).size, 2);

  const unnamed = await ledger('export', ...at, '--out', file('unnamed'));
  assert.is(unnamed.code, 2);
  for (const moduleId of modules) assert.ok(unnamed.stderr.includes(moduleId));

  let entries = 0;
  for (const [index, moduleId] of modules.entries()) {
    const of = [...at, '--module', moduleId];
    const out = file(`export-${index}`);
    const witness = file(`witness-${index}`);
    const first = await witnessLedger({ databaseUrl: url, moduleId }, undefined);
    writeFileSync(witness, JSON.stringify(first));
    await sell('free', `w-${index}`, METERS[3 + index]!.drn, index);
    assert.is((await ledger('witness', ...of, '--out', witness)).said.heads, 2);
    assert.is((await ledger('export', ...of, '--out', out)).code, 0);
    const { code, said } = await ledger('verify', out, '--witness', witness);
    assert.equal([code, said.findings, said.witnessedHeads], [0, [], 2]);
    assert.equal(Object.keys(said.elsewhere), [modules[1 - index]]);
    assert.equal(verifyExportBytes(readFileSync(out)), []);
    entries += said.entries;
  }
  for (const found of [sale, other]) {
    const [{ tokenNo }] = found.body.tokens;
    const verdict = await ledger('find', ...at, '--token', tokenNo);
    assert.equal([verdict.code, verdict.said.sale.saleId], [0, found.body.saleId]);
    assert.is(verdict.said.ledger.moduleId, found.body.ledger.moduleId);
  }
  const strange = await ledger('find', ...at, '--token', '12345678901234567890');
  assert.equal([strange.code, strange.said.ours], [4, false]);
  const [held] = await ask(url, 'SELECT count(*) AS n FROM sale');
  assert.is(Number(held?.['n']), entries);
  report(`${entries} entries of two modules exported, proved by two verifiers and found by token`);
});

test('when a server is stopped then its folder is proved with its journal', async () => {
  const doctor = async (index: number) => {
    const folder = ['--data', utilities[index]?.serverFolder ?? '', '--database', url];
    const { code, stdout } = await runCli(['server', 'doctor', ...folder, '--json']);
    return [code, JSON.parse(stdout).checks.filter(({ state }: { state: string }) => state === 'failed')];
  };
  assert.equal(await doctor(0), [0, []], 'beside the running server');
  for (const server of servers) assert.is(await server.stop(), 0);
  const { code, said, stderr } = await ledger(
    'verify',
    '--data',
    utilities[0]!.serverFolder,
    '--database',
    url,
  );
  assert.equal([code, said?.findings], [0, []], stderr);
  const other = await verifyDataFolder(utilities[1]!.serverFolder, { witnesses: [] }, () => undefined, url);
  assert.equal(other.findings, []);
  assert.is.not(other.moduleId, said.moduleId);
});

test('when a row of the books is altered in PostgreSQL then the proof of its export names it', async () => {
  const [{ module_id: moduleId } = {}] = await ask(url, 'SELECT module_id FROM security_module ORDER BY 1');
  const [{ module_id: otherId } = {}] = await ask(
    url,
    'SELECT module_id FROM security_module ORDER BY 1 DESC',
  );
  const last = '(SELECT sale_id FROM chain_entry WHERE module_id = $1 AND counter = 1)';
  const frauds: readonly (readonly [string, string, string, FindingKind])[] = [
    ["UPDATE sale SET request_id = request_id || 'x' WHERE sale_id = $S", moduleId, moduleId, 'sale_altered'],
    [
      "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE cause = 'sale ' || $S",
      moduleId,
      moduleId,
      'money_wrong',
    ],
    // Of the other module's sale the money alone shows here.
    [
      "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE cause = 'sale ' || $S",
      otherId,
      moduleId,
      'money_wrong',
    ],
    [
      'UPDATE vendor SET float_minor = float_minor + 1 WHERE $S IS NOT NULL',
      moduleId,
      otherId,
      'float_wrong',
    ],
  ];
  for (const [index, [text, victim, exported, kind]] of frauds.entries()) {
    const copy = await postgres.copyDatabase(url);
    await ask(copy, text.replaceAll('$S', last), [victim]);
    const out = join(utilities[0]!.folder, `fraud-${index}`);
    await exportLedger(
      { databaseUrl: copy, moduleId: exported },
      out,
      { withTokenNumbers: false },
      () => undefined,
    );
    const said = await verifyExport(out, { witnesses: [] }, () => undefined);
    assert.ok((said.findingCounts[kind] ?? 0) > 0, `${kind}: ${JSON.stringify(said.findingCounts)}`);
  }
  report(`${frauds.length} frauds in PostgreSQL, each found in an export`);
});

test.run();
