/** Looks at the books of a SQLite utility whose server is gone, against what its callers know. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../lib/hex.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { decodeToken } from '../../lib/token/token.ts';
import { tokenDigest } from '../../vending-server/ledger/chain.ts';
import { checkTrialBalance } from '../../vending-server/ledger/postings.ts';
import { verifyChain } from '../../vending-server/ledger/verify-chain.ts';
import { openSqliteStore } from '../../vending-server/store/open.ts';
import { FLOAT_MINOR, METERS, type Sale, type Traffic, VENDORS } from './traffic.ts';
import type { Utility } from './utility.ts';

interface SaleRow {
  readonly vendor_id: string;
  readonly request_id: string;
  readonly response_body: string;
  readonly paid_minor: number;
}

/**
 * The invariants of money and tokens, read from the files with the server gone. Where it was killed the ledger need not know of
 * all that the module has made, nor the module have sealed all that the ledger knows; once it has recovered they agree.
 */
export async function verifyBooks(utility: Utility, traffic: Traffic, state: 'killed' | 'recovered') {
  const database = new Database(join(utility.serverFolder, 'vending.sqlite'), { readonly: true });
  const rows = database
    .prepare('SELECT vendor_id, request_id, response_body, paid_minor FROM sale')
    .all() as SaleRow[];
  const identity = database.prepare('SELECT module_id, public_key FROM security_module').get() as {
    module_id: string;
    public_key: string;
  };
  database.close();
  assertEachSaleOnce(rows, traffic);
  const store = await openSqliteStore({ dataFolder: utility.serverFolder });
  try {
    const balances = await store.trialBalance();
    assert.ok(checkTrialBalance(balances).balanced, 'debits equal credits');
    for (const vendorId of VENDORS) {
      const spent = rows
        .filter((row) => row.vendor_id === vendorId)
        .reduce((sum, row) => sum + row.paid_minor, 0);
      assert.is(
        (await store.findVendor(vendorId))?.floatMinor,
        FLOAT_MINOR - spent,
        `one debit for each sale of ${vendorId}`,
      );
    }
    const entries = await store.entries(identity.module_id, 0, 10_000_000);
    const findings = verifyChain(entries, { moduleId: identity.module_id, publicKey: identity.public_key });
    const isLeft = ({ kind }: { kind: string }) => state === 'recovered' || kind !== 'unsigned_tail';
    assert.equal(findings.filter(isLeft), []);
    const released = entries.filter((entry) => entry.state === 'released');
    assert.is(released.length, rows.length);
    assert.is(entries.at(-1)?.counter ?? 0, entries.length, 'no counter is missing');
    if (state === 'recovered')
      assert.is(
        journalCounter(utility),
        entries.length,
        'module counter = ledger entries and named unreleased ones',
      );
    const sold = new Set(rows.map((row) => tokenDigest(tokenNoOf(row.response_body))));
    for (const entry of entries) {
      assert.is(sold.has(entry.tokenDigest), entry.state === 'released', 'sold, or named unreleased');
    }
    assertTidsRise(rows, traffic);
    return { sales: rows.length, unreleased: entries.length - released.length };
  } finally {
    await store.close();
  }
}

/** Each row is what was asked for, each answer that left the server is a row, and no token stands twice. */
function assertEachSaleOnce(rows: readonly SaleRow[], traffic: Traffic): void {
  const held = new Set<Sale>();
  for (const row of rows) {
    const sale = traffic.sales[Number(row.request_id.slice(2))];
    assert.ok(sale !== undefined && !held.has(sale), 'one sale for each request id');
    assert.is(sale.answer ?? row.response_body, row.response_body);
    assert.is(row.paid_minor, sale.paidMinor);
    held.add(sale);
  }
  assert.ok(
    traffic.sales.every((sale) => sale.answer === undefined || held.has(sale)),
    'an answered sale is lost',
  );
  assert.is(
    new Set(rows.map((row) => tokenNoOf(row.response_body))).size,
    rows.length,
    'a token stands twice',
  );
}

function tokenNoOf(answer = '{}'): string {
  return JSON.parse(answer).tokens[0].tokenNo;
}

/** The last counter in the security module's own journal. */
function journalCounter(utility: Utility): unknown {
  const database = new Database(join(utility.serverFolder, 'module.journal'), { readonly: true });
  const counter = database.prepare('SELECT max(counter) FROM entry').pluck().get();
  database.close();
  return counter;
}

const CIPHERS = new Map(
  METERS.map(({ drn, encryptionAlgorithm, decoderKey }) => [
    drn,
    createTokenCipher(encryptionAlgorithm, bytesFromHex(decoderKey)),
  ]),
);

/** TIDs of a meter strictly rise: seen in the tokens themselves, in the order in which the module counted them. */
function assertTidsRise(rows: readonly SaleRow[], traffic: Traffic): void {
  const sold = rows.map((row) => ({
    ...JSON.parse(row.response_body),
    sale: traffic.sales[Number(row.request_id.slice(2))],
  }));
  sold.sort((a, b) => a.ledger.counter - b.ledger.counter);
  const last = new Map<string, number>();
  for (const { tokens, sale } of sold) {
    const { drn } = sale as Sale;
    const cipher = CIPHERS.get(drn);
    if (cipher === undefined) throw new Error(`no meter ${drn}`);
    const token = decodeToken(tokens[0].tokenNo, cipher);
    if (token.kind !== 'creditElectricity') throw new Error(`a sold token is ${token.kind}`);
    assert.ok(token.tidMinutes > (last.get(drn) ?? -1), `TID ${token.tidMinutes} after ${last.get(drn)}`);
    last.set(drn, token.tidMinutes);
  }
}
