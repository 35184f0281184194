/** Two whole servers of one utility on one PostgreSQL: limits of the day that hold for both together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, report } from '../support/counts.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { ask, checkBooks } from '../support/postgres-books.ts';
import type { Running } from '../support/processes.ts';
import {
  furnish,
  makeUtility,
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
  const operatorKey = readFileSync(join(utilities[0]!.serverFolder, 'operator.key'), 'utf8').trim();
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

test.run();
