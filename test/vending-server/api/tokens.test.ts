import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TokenVerdictAnswer } from '../../../vending-server/api/token-schemas.ts';
import { entryHash, tokenDigest } from '../../../vending-server/ledger/chain.ts';
import { startTestServer, type TestServer } from '../furnished.ts';

const test = suite<{ at: TestServer }>('questions about tokens');

test.before(async (context) => {
  context.at = await startTestServer(1_000_000);
});
test.after(async ({ at }) => {
  await at.close();
});

function ask(at: TestServer, tokenNo: unknown, key = at.operatorKey) {
  return at.call('POST', '/v1/tokens/verify', { key, body: { tokenNo } });
}

test('when a token was sold here, then the answer names vendor, time, counter and a signed way to it', async ({
  at,
}) => {
  const sales = await Promise.all(Array.from({ length: 20 }, (_, i) => at.sell(`r${i}`)));
  for (const { body: sale } of sales) {
    const [{ tokenNo, tokenNoGrouped, tidMinutes }] = sale.tokens;
    const reply = await ask(at, tokenNo);
    assert.is(reply.status, 200);
    const verdict = TokenVerdictAnswer.parse(reply.body);
    assert.ok(verdict.ours);
    assert.equal(
      [verdict.state, verdict.counter, verdict.tidMinutes],
      ['released', sale.ledger.counter, tidMinutes],
    );
    assert.is(verdict.meterPan, sale.meter.meterPan);
    const { saleId, vendorId, requestId, soldAt, currency, paidMinor } = sale;
    assert.equal(verdict.sale, { saleId, vendorId, requestId, soldAt, currency, paidMinor });
    // The proof by itself: the token is in the first entry, each follows the one before, the last is signed.
    assert.is(verdict.proof[0]?.tokenDigest, tokenDigest(tokenNo));
    assert.is(verdict.proof[0]?.entryHash, sale.ledger.entryHash);
    for (const [index, entry] of verdict.proof.entries()) {
      assert.is(entryHash(entry), entry.entryHash);
      if (index > 0) assert.is(entry.previousHash, verdict.proof[index - 1]?.entryHash);
    }
    const last = verdict.proof.at(-1);
    const der = Buffer.from(verdict.ledger.publicKey, 'base64');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const signature = Buffer.from(last?.signature ?? '', 'base64');
    assert.ok(verify(null, Buffer.from(last?.entryHash ?? '', 'hex'), key, signature));
    assert.is((await ask(at, tokenNoGrouped)).text, reply.text);
  }
  console.log(`    ${sales.length} tokens: each found with its proof`);
});

test('when a token is none of ours, then the answer says of which ledger', async ({ at }) => {
  const { body } = await ask(at, '00000000000000000000');
  const { moduleId, counter } = (await at.call('GET', '/ready')).body;
  assert.equal([body.ours, body.ledger.moduleId, body.ledger.entries], [false, moduleId, counter]);
  assert.match(body.ledger.headHash, /^[0-9a-f]{64}$/);
});

test('when it is no token number or no operator who asks, then it is refused by name', async ({ at }) => {
  const code = async (tokenNo: unknown, key?: string) => (await ask(at, tokenNo, key)).body.code;
  assert.is(await code('1234567890123456789x'), 'token_number_malformed');
  assert.is(await code('99999999999999999999'), 'token_number_too_large');
  assert.is(await code('123'), 'request_malformed');
  assert.is(await code(12_345), 'request_malformed');
  assert.is(await code('00000000000000000000', at.vendorKey), 'permission_denied');
  assert.is(await code('00000000000000000000', ''), 'authentication_required');
});

test('when a token is asked for, then its digits are in no log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-log-'));
  const logFile = join(folder, 'server.log');
  const logged = await startTestServer(100_000, { logLevel: 'debug', logFile });
  const sold = await logged.sell('r1');
  const [{ tokenNo }] = sold.body.tokens;
  await ask(logged, tokenNo);
  await ask(logged, `${tokenNo}0`);
  await logged.close();
  const log = readFileSync(logFile, 'utf8');
  rmSync(folder, { recursive: true });
  assert.ok(log.includes('/v1/tokens/verify'));
  assert.not.ok(log.includes(tokenNo.slice(0, 16)));
});

test.run();
