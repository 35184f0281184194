/** Frauds done on real files: each must be found under its name, by the verifier and by the second one. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Expectation,
  exportLedger,
  type LedgerReport,
  verifyDataFolder,
  verifyExport,
  type Witness,
  witnessLedger,
} from '../../../vending-server/audit.ts';
import { entryHash, GENESIS_HASH, tokenDigest } from '../../../vending-server/ledger/chain.ts';
import { signEntryHash } from '../../../vending-server/ledger/signature.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
// @ts-expect-error: a plain script, as an outsider would write it
import { verifyExportBytes } from '../../reference/ledger-verifier.mjs';
import { report, seedOf } from '../../support/counts.ts';
import { DRN, openHouse, removeFolder, VENDOR_ID } from '../furnished.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';
import { copyOf, dropRules, makeLedger, mint, openBooks, openJournal } from './audited.ts';

const test = suite('frauds on a ledger');
const SEED = seedOf('frauds on a ledger');
const SALES = 60;

let sound: string;
let witness: Witness;
let random: SeededRandom;
test.before(async () => {
  random = new SeededRandom(SEED);
  sound = await makeLedger(SALES, SEED);
  witness = await witnessLedger(sound, undefined);
});
test.after(() => removeFolder(sound));

const secondOpinion = verifyExportBytes as (bytes: Buffer, key?: string) => string[];

/** What both verifiers say of a folder's ledger. */
async function audit(
  dataFolder: string,
  expected: Expectation = { witnesses: [] },
): Promise<{ found: LedgerReport; second: string[] }> {
  const file = join(dataFolder, 'audit.ndjson');
  rmSync(file, { force: true });
  await exportLedger(dataFolder, file, { withTokenNumbers: false }, () => undefined);
  const found = await verifyExport(file, expected, () => undefined);
  const key = expected.publicKey ?? expected.witnesses[0]?.publicKey;
  return { found, second: secondOpinion(readFileSync(file), key) };
}

const PINNED = (): Expectation => ({ publicKey: witness.publicKey, witnesses: [] });

/** Runs on a copy of the sound ledger. */
async function onCopy<Result>(run: (dataFolder: string) => Promise<Result>): Promise<Result> {
  const dataFolder = copyOf(sound);
  try {
    return await run(dataFolder);
  } finally {
    removeFolder(dataFolder);
  }
}

function alter(dataFolder: string, change: (books: Database.Database) => void): void {
  const books = openBooks(dataFolder);
  change(books);
  assert.ok(Number(books.prepare('SELECT total_changes()').pluck().get()) > 0, 'the fraud changed something');
  books.close();
}

const SOLD = `(SELECT counter FROM chain_entry WHERE state = 'released' ORDER BY counter LIMIT 1 OFFSET 20)`;
const SOLD_SALE = `(SELECT sale_id FROM chain_entry WHERE counter = ${SOLD})`;
/** Neither the first nor the last entry of its sale. */
const OF_SEVERAL = `(SELECT min(counter) + 1 FROM chain_entry WHERE state = 'released'
  GROUP BY sale_id HAVING count(*) > 2 ORDER BY 1 LIMIT 1)`;
const OTHER_HASH = `'${createHash('sha256').update('another').digest('hex')}'`;

interface Fraud {
  readonly name: string;
  readonly do: string | ((books: Database.Database) => void);
  /** All of these must be among the findings. */
  readonly finds: readonly string[];
}

function column(table: string, name: string, value: string, finds: readonly string[]): Fraud {
  const where = table === 'chain_entry' ? `counter = ${SOLD}` : `sale_id = ${SOLD_SALE}`;
  return { name: `${table}.${name}`, do: `UPDATE ${table} SET ${name} = ${value} WHERE ${where}`, finds };
}

const COLUMNS: readonly Fraud[] = [
  column('chain_entry', 'module_id', "'another'", ['other_module', 'entry_missing']),
  column('chain_entry', 'counter', '1000', ['counter_swapped']),
  column('chain_entry', 'sale_digest', OTHER_HASH, ['entry_altered', 'sale_altered']),
  column('chain_entry', 'token_digest', OTHER_HASH, ['entry_altered', 'token_altered']),
  column('chain_entry', 'previous_hash', OTHER_HASH, ['entry_altered']),
  column('chain_entry', 'entry_hash', OTHER_HASH, ['entry_altered', 'answer_altered']),
  column(
    'chain_entry',
    'signature',
    "(SELECT signature FROM chain_entry WHERE signature <> '' ORDER BY counter DESC LIMIT 1)",
    ['signature_wrong'],
  ),
  column('chain_entry', 'state', "'unreleased'", ['sale_altered']),
  column('chain_entry', 'sale_id', 'NULL', ['sale_missing', 'sale_without_token']),
  column('chain_entry', 'sale_id', "'sale_of_nobody'", ['sale_missing', 'sale_without_token']),
  column('chain_entry', 'meter_pan', "'600727000000000017'", ['sale_altered', 'statement_wrong']),
  column('chain_entry', 'statement', "replace(statement, ' 20', ' 30')", ['entry_altered']),
  column('chain_entry', 'base_date', "'35'", ['statement_wrong']),
  column('chain_entry', 'tid_minutes', 'tid_minutes + 9999', ['statement_wrong']),
  column('sale', 'sale_id', "'sale_of_nobody'", ['sale_missing', 'sale_without_token']),
  column('sale', 'vendor_id', "iif(vendor_id = 'shop', 'kiosk', 'shop')", ['sale_altered', 'money_wrong']),
  column('sale', 'request_id', "'another'", ['sale_altered']),
  column('sale', 'request_hash', OTHER_HASH, ['sale_altered']),
  column('sale', 'meter_pan', "'600727000000000017'", ['sale_altered']),
  column('sale', 'currency', "'UGX'", ['sale_altered', 'money_wrong']),
  column('sale', 'paid_minor', 'paid_minor - 1', ['sale_altered', 'money_wrong']),
  column('sale', 'amount_deci_kwh', 'amount_deci_kwh + 1', ['sale_altered']),
  column('sale', 'sold_at', 'sold_at - 86400000', ['sale_altered']),
  column('sale', 'response_body', "replace(response_body, 'requestId', 'requestid')", ['answer_altered']),
  column('sale', 'response_body', "response_body || ' '", ['answer_altered']),
  column('sale', 'response_digest', OTHER_HASH, ['answer_altered']),
];

/** Changes a stored answer and makes its digest fit. */
function answer(name: string, change: (body: string) => string, finds: readonly string[]): Fraud {
  return {
    name: `the stored answer: ${name}`,
    do: (books) => {
      const body = books.prepare(`SELECT response_body FROM sale WHERE sale_id = ${SOLD_SALE}`).pluck().get();
      const changed = change(String(body));
      assert.is.not(changed, body);
      const digest = createHash('sha256').update(changed).digest('hex');
      books
        .prepare(`UPDATE sale SET response_body = ?, response_digest = ? WHERE sale_id = ${SOLD_SALE}`)
        .run(changed, digest);
    },
    finds,
  };
}

const ANSWERS: readonly Fraud[] = [
  answer('paid', (body) => body.replace(/"paidMinor":\d/, '"paidMinor":9'.replace('9', '77')), [
    'sale_altered',
  ]),
  answer('a line', (body) => body.replace(/"taxMinor":[1-9]/, '"taxMinor":10'), ['sale_altered']),
  answer('energy', (body) => body.replace(/"amountKwh":"/, '"amountKwh":"9'), ['sale_altered']),
  answer('the digits', (body) => body.replace(/"tokenNo":"\d/, (text) => flipped(text)), ['token_altered']),
  answer('the groups', (body) => body.replace(/"tokenNoGrouped":"\d/, (text) => flipped(text)), [
    'token_altered',
  ]),
  answer('the counter', (body) => body.replace(/"counter":/, '"counter":1'), ['answer_altered']),
  answer('a second token', (body) => body.replace(/"tokens":\[(.*?)\]/, '"tokens":[$1,$1]'), [
    'sale_altered',
    'token_missing',
  ]),
  answer('spaces', (body) => body.replace('{', '{ '), ['answer_altered']),
  answer('no JSON', () => 'nothing', ['answer_altered']),
];

function flipped(text: string): string {
  return text.slice(0, -1) + String(1 - Math.min(1, Number(text.slice(-1))));
}

const OF_SALE = `cause = 'sale ' || ${SOLD_SALE}`;
const FIRST = `transfer_id = (SELECT min(transfer_id) FROM transfer WHERE ${OF_SALE})`;
const LAST = `transfer_id = (SELECT max(transfer_id) FROM transfer WHERE ${OF_SALE})`;
const ROWS = `INSERT INTO transfer (cause, debit_account, credit_account, amount_minor) VALUES`;
const GIFT = `${ROWS} ('gift', 'bank:deposits:ZAR', 'vendor:shop:float:ZAR', 500)`;

/** What a careful forger does last. */
const MEND_DEBTS = `UPDATE debt SET balance_minor = (
  SELECT sum(iif(debit_account = 'debt:' || debt_id || ':ZAR', amount_minor, -amount_minor)) FROM transfer
  WHERE 'debt:' || debt_id || ':ZAR' IN (debit_account, credit_account))`;

const MONEY: readonly Fraud[] = [
  {
    name: 'the amount of a transfer',
    do: `UPDATE transfer SET amount_minor = amount_minor - 1 WHERE ${FIRST}`,
    finds: ['sale_altered', 'money_wrong', 'float_wrong'],
  },
  {
    name: 'tax moved to energy',
    do: `UPDATE transfer SET amount_minor = amount_minor + 1 WHERE ${FIRST};
      UPDATE transfer SET amount_minor = amount_minor - 1 WHERE ${LAST}`,
    finds: ['sale_altered'],
  },
  {
    name: 'the debit account of a transfer',
    do: `UPDATE transfer SET debit_account = 'vendor:nobody:float:ZAR' WHERE ${FIRST}`,
    finds: ['sale_altered', 'money_wrong', 'float_wrong'],
  },
  {
    name: 'the credit account of a transfer',
    do: `UPDATE transfer SET credit_account = 'private:pocket:ZAR' WHERE ${FIRST}`,
    finds: ['sale_altered'],
  },
  {
    name: 'a debt made smaller',
    do: "UPDATE debt SET balance_minor = balance_minor / 2 WHERE debt_id = 'debt-0'",
    finds: ['debt_altered'],
  },
  {
    name: 'a debt made smaller with its opening',
    do: `UPDATE debt SET opened_minor = opened_minor - 1000, balance_minor = balance_minor - 1000 WHERE debt_id = 'debt-1';`,
    finds: ['debt_altered'],
  },
  {
    name: 'a debt deleted',
    do: "DELETE FROM debt WHERE debt_id = 'debt-0'",
    finds: ['debt_altered', 'transfer_unexplained'],
  },
  {
    name: 'the cause of a transfer',
    do: `UPDATE transfer SET cause = 'sale sale_0' WHERE ${FIRST}`,
    finds: ['sale_altered', 'transfer_unexplained'],
  },
  {
    name: 'a transfer deleted',
    do: `DELETE FROM transfer WHERE ${LAST}`,
    finds: ['sale_altered', 'money_wrong'],
  },
  { name: 'money out of nothing', do: GIFT, finds: ['transfer_unexplained', 'float_wrong'] },
  {
    name: 'money out of nothing, and the float with it',
    do: `${GIFT}; UPDATE vendor SET float_minor = float_minor + 500 WHERE vendor_id = 'shop'`,
    finds: ['transfer_unexplained'],
  },
  {
    name: 'a float',
    do: `UPDATE vendor SET float_minor = float_minor + 1 WHERE vendor_id = 'shop'`,
    finds: ['float_wrong'],
  },
  {
    name: 'a deposit',
    do: `UPDATE deposit SET amount_minor = amount_minor + 1 WHERE request_id = 'first'`,
    finds: ['deposit_altered'],
  },
  {
    name: 'the slip of a deposit',
    do: `UPDATE deposit SET reference = 'another' WHERE request_id = 'first'`,
    finds: ['deposit_altered'],
  },
  {
    name: 'a deposit deleted',
    do: `DELETE FROM deposit WHERE request_id = 'first'`,
    finds: ['transfer_unexplained'],
  },
  { name: 'a vendor deleted', do: `DELETE FROM vendor WHERE vendor_id = 'kiosk'`, finds: ['float_wrong'] },
];

const TAKEN_BACK = `(SELECT cause FROM transfer WHERE cause LIKE 'saleReversal %' AND debit_account LIKE 'sales:%'
  ORDER BY transfer_id LIMIT 1)`;
const BACK_FIRST = `transfer_id = (SELECT min(transfer_id) FROM transfer WHERE cause = ${TAKEN_BACK})`;
const ON_DEBT = `(SELECT debt_id FROM debt WHERE debt_id LIKE 'reversed-%' LIMIT 1)`;
const TO_BOTH = `UPDATE vendor SET float_minor = float_minor + iif(vendor_id = 'kiosk', 1, -1) * (
  SELECT sum(amount_minor) FROM transfer WHERE cause = ${TAKEN_BACK})`;

const REVERSALS: readonly Fraud[] = [
  {
    name: 'more given back than was paid, and the float with it',
    do: `UPDATE transfer SET amount_minor = amount_minor + 100 WHERE ${BACK_FIRST};
      UPDATE vendor SET float_minor = float_minor + 100 WHERE vendor_id = 'shop'`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'given back to another vendor, and both floats with it',
    do: `UPDATE transfer SET credit_account = 'vendor:kiosk:float:ZAR' WHERE cause = ${TAKEN_BACK}; ${TO_BOTH}`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'given back out of a private pocket',
    do: `UPDATE transfer SET debit_account = 'private:pocket:ZAR' WHERE ${BACK_FIRST}`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'a part of what was given back deleted',
    do: `DELETE FROM transfer WHERE ${BACK_FIRST}`,
    finds: ['reversal_wrong', 'float_wrong'],
  },
  {
    name: 'given back twice, and the float with it',
    do: `UPDATE vendor SET float_minor = float_minor + (SELECT sum(amount_minor) FROM transfer
        WHERE cause = ${TAKEN_BACK}) WHERE vendor_id = 'shop';
      INSERT INTO transfer (cause, debit_account, credit_account, amount_minor)
        SELECT cause, debit_account, credit_account, amount_minor FROM transfer WHERE cause = ${TAKEN_BACK}`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'given back without anybody who said so',
    do: `INSERT INTO transfer (cause, debit_account, credit_account, amount_minor)
        SELECT 'saleReversal ' || ${SOLD_SALE}, credit_account, debit_account, amount_minor FROM transfer
        WHERE ${OF_SALE} ORDER BY transfer_id;
      UPDATE vendor SET float_minor = float_minor + (SELECT paid_minor FROM sale WHERE sale_id = ${SOLD_SALE})
        WHERE vendor_id = (SELECT vendor_id FROM sale WHERE sale_id = ${SOLD_SALE}); ${MEND_DEBTS}`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'said to be taken back, and nothing given',
    do: `INSERT INTO sale_advice VALUES (${SOLD_SALE}, 'reversed', 1, 'key:a', 'so')
      ON CONFLICT (sale_id) DO UPDATE SET state = 'reversed'`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'who took it back is forgotten',
    do: "DELETE FROM sale_advice WHERE state = 'reversed'",
    finds: ['reversal_wrong'],
  },
  {
    name: 'a sale of nobody taken back, and the float with it',
    do: `INSERT INTO sale_advice VALUES ('sale_0', 'reversed', 1, 'key:a', 'so');
      ${ROWS} ('saleReversal sale_0', 'sales:energy:ZAR', 'vendor:shop:float:ZAR', 500);
      UPDATE vendor SET float_minor = float_minor + 500 WHERE vendor_id = 'shop'`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'a sale deleted that was taken back',
    do: `DELETE FROM sale WHERE 'saleReversal ' || sale_id = ${TAKEN_BACK}`,
    finds: ['sale_missing', 'reversal_wrong'],
  },
  {
    name: 'what a meter owes for a sale made smaller, everywhere',
    do: `UPDATE transfer SET amount_minor = amount_minor - 100 WHERE cause = 'debt ' || ${ON_DEBT};
      UPDATE debt SET opened_minor = opened_minor - 100 WHERE debt_id = ${ON_DEBT}; ${MEND_DEBTS}`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'what a meter owes for a sale owed by another one',
    do: `UPDATE debt SET meter_pan = '600727000000000017' WHERE debt_id = ${ON_DEBT}`,
    finds: ['reversal_wrong'],
  },
  {
    name: 'what a meter owes for a sale owed by nobody',
    do: `DELETE FROM transfer WHERE cause = 'debt ' || ${ON_DEBT}; DELETE FROM debt WHERE debt_id = ${ON_DEBT}`,
    finds: ['reversal_wrong'],
  },
];

function swapCounters(first: number, second: number): Fraud {
  return {
    name: `counters ${first} and ${second} swapped`,
    do: `UPDATE chain_entry SET counter = 100000 WHERE counter = ${first};
      UPDATE chain_entry SET counter = ${first} WHERE counter = ${second};
      UPDATE chain_entry SET counter = ${second} WHERE counter = 100000`,
    finds: ['counter_swapped'],
  };
}

const ROWS_MOVED: readonly Fraud[] = [
  {
    name: 'an entry deleted',
    do: `DELETE FROM chain_entry WHERE counter = ${SOLD}`,
    finds: ['entry_missing', 'sale_without_token'],
  },
  {
    name: 'a sale deleted',
    do: `DELETE FROM sale WHERE sale_id = ${SOLD_SALE}`,
    finds: ['sale_missing', 'transfer_unexplained'],
  },
  {
    name: 'a whole sale deleted: entry, sale, money',
    do: (books) => {
      const saleId = String(books.prepare(`SELECT ${SOLD_SALE}`).pluck().get());
      forget(books, saleId);
    },
    finds: ['entry_missing'],
  },
  {
    name: 'one of several tokens of a sale deleted',
    do: `DELETE FROM chain_entry WHERE counter = ${OF_SEVERAL}`,
    finds: ['entry_missing', 'token_missing'],
  },
  {
    name: 'a token moved to another sale',
    do: `UPDATE chain_entry SET sale_id = ${SOLD_SALE} WHERE counter = ${OF_SEVERAL}`,
    finds: ['sale_missing', 'token_missing'],
  },
  {
    name: 'money without a token passed off as an energy token',
    do: `UPDATE chain_entry SET statement = replace(statement, 'payment -', 'creditElectricity 100')
      WHERE statement LIKE 'payment %'`,
    finds: ['entry_altered'],
  },
  swapCounters(10, 11),
  swapCounters(5, 40),
  {
    name: 'the last signature removed',
    do: `UPDATE chain_entry SET signature = '' WHERE counter = (SELECT max(counter) FROM chain_entry)`,
    finds: ['tail_unsigned'],
  },
  {
    name: 'an altered entry rehashed',
    do: (books) => {
      const row = books.prepare(`SELECT * FROM chain_entry WHERE counter = ${SOLD}`).get() as Row;
      const changed = hashOf({ ...row, token_digest: tokenDigest('0'.repeat(20)) }, row.previous_hash);
      books
        .prepare('UPDATE chain_entry SET token_digest = ?, entry_hash = ? WHERE counter = ?')
        .run(tokenDigest('0'.repeat(20)), changed, row.counter);
    },
    finds: ['link_broken'],
  },
  {
    name: 'one identifier for two tokens of a meter',
    do: (books) => {
      dropRules(books, 'chain_entry');
      books.exec(`UPDATE chain_entry SET (meter_pan, base_date, tid_minutes) = (
        SELECT meter_pan, base_date, tid_minutes FROM chain_entry AS other WHERE other.counter = ${SOLD})
        WHERE state = 'unreleased'`);
    },
    finds: ['duplicate_tid'],
  },
  {
    name: 'an entry doubled',
    do: (books) => {
      dropRules(books, 'chain_entry');
      books.exec(`INSERT INTO chain_entry SELECT * FROM chain_entry WHERE counter = ${SOLD}`);
    },
    finds: ['entry_doubled', 'duplicate_token', 'sale_doubled'],
  },
];

interface Row {
  readonly module_id: string;
  readonly counter: number;
  readonly sale_digest: string;
  readonly token_digest: string;
  readonly statement: string;
  readonly previous_hash: string;
  readonly signature: string;
}

function hashOf(row: Row, previousHash: string): string {
  return entryHash({
    moduleId: row.module_id,
    counter: row.counter,
    saleDigest: row.sale_digest,
    tokenDigest: row.token_digest,
    statement: row.statement,
    previousHash,
  });
}

/** A sale as if it had never been: its entry, its rows, its money, and the float given back. */
function forget(books: Database.Database, saleId: string): void {
  const { vendor_id, paid_minor } = books
    .prepare('SELECT vendor_id, paid_minor FROM sale WHERE sale_id = ?')
    .get(saleId) as { vendor_id: string; paid_minor: number };
  books.prepare('DELETE FROM chain_entry WHERE sale_id = ?').run(saleId);
  books.prepare('DELETE FROM sale WHERE sale_id = ?').run(saleId);
  books.prepare("DELETE FROM transfer WHERE cause = 'sale ' || ?").run(saleId);
  books
    .prepare('UPDATE vendor SET float_minor = float_minor + ? WHERE vendor_id = ?')
    .run(paid_minor, vendor_id);
  books.exec(MEND_DEBTS);
}

test('an untouched ledger is whole for both verifiers, with key, witness and journal', async () => {
  const { found, second } = await audit(sound, { publicKey: witness.publicKey, witnesses: [witness] });
  assert.equal(found.findings, []);
  assert.equal(second, []);
  assert.is(found.verified, true);
  assert.ok(found.released > SALES, 'some sales have several tokens');
  assert.ok(found.unreleased.count > 0, 'some tokens were never released');
  assert.is(found.unreleased.named.length, found.unreleased.count);
  assert.equal((await verifyDataFolder(sound, PINNED(), () => undefined)).findings, []);
});

for (const [what, frauds] of Object.entries({
  'a column of the chain or of a sale': COLUMNS,
  'a stored answer': ANSWERS,
  'the money': MONEY,
  'what was taken back of a sale': REVERSALS,
  'whole rows': ROWS_MOVED,
})) {
  test(`when ${what} is altered in the database, then both verifiers find it, and the first names it`, async () => {
    for (const fraud of frauds) {
      await onCopy(async (dataFolder) => {
        alter(dataFolder, (books) =>
          typeof fraud.do === 'string' ? void books.exec(fraud.do) : fraud.do(books),
        );
        const { found, second } = await audit(dataFolder);
        const kinds = Object.keys(found.findingCounts);
        for (const kind of fraud.finds)
          assert.ok(kinds.includes(kind), `${fraud.name}: ${kind} among ${kinds}`);
        assert.is(found.verified, false, fraud.name);
        assert.ok(second.length > 0, `the second verifier finds: ${fraud.name}`);
      });
    }
    report(`${frauds.length} frauds, ${frauds.length} found and named`);
  });
}

/** Two entries far apart, each the only one of its sale. */
function counterPair(dataFolder: string): [number, number] {
  const books = openBooks(dataFolder);
  const counters = books
    .prepare('SELECT min(counter) FROM chain_entry GROUP BY sale_id HAVING count(*) = 1 ORDER BY 1')
    .pluck()
    .all() as number[];
  books.close();
  return [counters[3] ?? 0, counters.at(-3) ?? 0];
}

test('when a row was swapped or deleted, then the counter is named and its neighbours are not accused', async () => {
  await onCopy(async (dataFolder) => {
    const [low, high] = counterPair(dataFolder);
    alter(dataFolder, (books) => void books.exec(String(swapCounters(low, high).do)));
    const { found } = await audit(dataFolder);
    const swapped = found.findings.filter(({ kind }) => kind === 'counter_swapped');
    assert.equal(
      swapped.map(({ counter, detail }) => [counter, detail]),
      [
        [low, `is entry ${high} under the counter ${low}`],
        [high, `is entry ${low} under the counter ${high}`],
      ],
    );
    assert.equal([...new Set(found.findings.map(({ counter }) => counter))], [low, high]);
  });
  await onCopy(async (dataFolder) => {
    alter(dataFolder, (books) => void books.exec('DELETE FROM chain_entry WHERE counter IN (30, 31, 50)'));
    const { found } = await audit(dataFolder);
    assert.equal(
      found.findings.filter(({ kind }) => kind === 'entry_missing').map(({ detail }) => detail),
      ['entries 30 to 31 are missing', 'entry 50 is missing'],
    );
  });
});

test('when a token is minted by the module and not sold, then it is found before and after the next start', async () => {
  await onCopy(async (dataFolder) => {
    const house = await openHouse(dataFolder);
    const tokenNo = await mint(house, random);
    const { counter } = await house.securityModule.identity();
    await house.close();
    // The ledger alone cannot know yet; the journal does.
    assert.is((await audit(dataFolder)).found.verified, true);
    const compared = await verifyDataFolder(dataFolder, PINNED(), () => undefined);
    assert.equal(
      compared.findings.map((finding) => [finding.kind, finding.counter]),
      [['unsold_token', counter]],
    );
    const again = await openHouse(dataFolder);
    await recover(again.vending);
    await again.close();
    const { found } = await audit(dataFolder);
    const named = found.unreleased.named.find((entry) => entry.counter === counter);
    assert.is(named?.tokenDigest, tokenDigest(tokenNo));
  });
  await onCopy(async (dataFolder) => {
    const house = await openHouse(dataFolder);
    await mint(house, random);
    const { counter } = await house.securityModule.identity();
    const sale = { vendorId: VENDOR_ID, requestId: 'after', meter: DRN, paidMinor: 5000, currency: 'ZAR' };
    await sell(house.vending, sale);
    await house.close();
    const { found, second } = await audit(dataFolder);
    assert.equal(
      found.findings.map((finding) => [finding.kind, finding.counter]),
      [['entry_missing', counter]],
    );
    assert.ok(second.length > 0);
  });
});

test('when a minted token is dressed up as a sale, then its facts are not what the module signed', async () => {
  await onCopy(async (dataFolder) => {
    const house = await openHouse(dataFolder);
    await mint(house, random);
    await recover(house.vending);
    const { counter } = await house.securityModule.identity();
    await house.close();
    alter(dataFolder, (books) => {
      // A copy of an honest sale under another name, with its money taken from the vendor.
      books.exec(`INSERT INTO sale SELECT 'sale_dressed', vendor_id, 'dressed', request_hash, meter_pan, currency,
          paid_minor, amount_deci_kwh, sold_at, response_body, response_digest
        FROM sale WHERE sale_id = ${SOLD_SALE};
        INSERT INTO transfer (cause, debit_account, credit_account, amount_minor)
          SELECT 'sale sale_dressed', debit_account, credit_account, amount_minor FROM transfer WHERE ${OF_SALE};
        UPDATE vendor SET float_minor = float_minor - (SELECT paid_minor FROM sale WHERE sale_id = 'sale_dressed')
          WHERE vendor_id = (SELECT vendor_id FROM sale WHERE sale_id = 'sale_dressed');
        ${MEND_DEBTS};
        UPDATE chain_entry SET state = 'released', sale_id = 'sale_dressed' WHERE counter = ${counter};`);
    });
    const { found, second } = await audit(dataFolder);
    assert.equal(
      found.findings.map((finding) => [finding.kind, finding.counter]),
      [
        ['sale_altered', counter],
        ['token_altered', counter],
        ['answer_altered', counter],
      ],
    );
    assert.ok(second.length > 0);
  });
});

test('when history is rewritten and signed by another key, then a pinned key and a witness show it', async () => {
  await onCopy(async (dataFolder) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const otherKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    alter(dataFolder, (books) => {
      forget(books, String(books.prepare(`SELECT ${SOLD_SALE}`).pluck().get()));
      const rows = books.prepare('SELECT * FROM chain_entry ORDER BY counter').all() as Row[];
      let previous = GENESIS_HASH;
      books.exec('DELETE FROM chain_entry WHERE 0; UPDATE chain_entry SET counter = counter + 100000');
      for (const [index, row] of rows.entries()) {
        const counter = index + 1;
        const hash = hashOf({ ...row, counter }, previous);
        const signature = row.signature === '' ? '' : signEntryHash(hash, privateKey);
        books
          .prepare(
            'UPDATE chain_entry SET counter = ?, previous_hash = ?, entry_hash = ?, signature = ? WHERE counter = ?',
          )
          .run(counter, previous, hash, signature, row.counter + 100_000);
        refit(books, counter, hash);
        previous = hash;
      }
      books.prepare('UPDATE security_module SET public_key = ?').run(otherKey);
    });
    const alone = await audit(dataFolder);
    assert.equal(alone.found.findings, [], 'the forger did good work');
    assert.is(alone.found.publicKeyPinned, false);
    const pinned = await audit(dataFolder, PINNED());
    const kinds = Object.keys(pinned.found.findingCounts);
    assert.ok(kinds.includes('public_key_wrong') && kinds.includes('signature_wrong'), kinds.join());
    assert.ok(pinned.second.length > 0);
    const witnessed = await audit(dataFolder, { witnesses: [witness] });
    assert.ok('witnessed_head_missing' in witnessed.found.findingCounts);
  });
});

/** Makes the stored answer name its new place in the chain. */
function refit(books: Database.Database, counter: number, hash: string): void {
  const row = books
    .prepare('SELECT sale.* FROM sale JOIN chain_entry USING (sale_id) WHERE counter = ?')
    .get(counter) as { sale_id: string; response_body: string } | undefined;
  if (row === undefined) return;
  const body = JSON.parse(row.response_body);
  body.ledger = { ...body.ledger, counter, entryHash: hash };
  const text = JSON.stringify(body);
  const digest = createHash('sha256').update(text).digest('hex');
  books
    .prepare('UPDATE sale SET response_body = ?, response_digest = ? WHERE sale_id = ?')
    .run(text, digest, row.sale_id);
}

test('when the last entries are cut off and all else made to fit, then witness and journal show it', async () => {
  await onCopy(async (dataFolder) => {
    let cut = 0;
    alter(dataFolder, (books) => {
      const keep = Number(
        books
          .prepare(
            "SELECT counter FROM chain_entry WHERE signature <> '' ORDER BY counter DESC LIMIT 1 OFFSET 3",
          )
          .pluck()
          .get(),
      );
      const gone = books.prepare('SELECT counter, sale_id FROM chain_entry WHERE counter > ?').all(keep) as {
        counter: number;
        sale_id: string | null;
      }[];
      cut = gone.length;
      for (const { counter, sale_id } of gone) {
        if (sale_id === null) books.prepare('DELETE FROM chain_entry WHERE counter = ?').run(counter);
        else forget(books, sale_id);
      }
    });
    const alone = await audit(dataFolder, PINNED());
    assert.equal(alone.found.findings, [], 'an export alone cannot know');
    const witnessed = await audit(dataFolder, { witnesses: [witness] });
    assert.equal(witnessed.found.findingCounts, { witnessed_head_missing: 1 });
    const compared = await verifyDataFolder(dataFolder, PINNED(), () => undefined);
    assert.equal(compared.findingCounts, { unsold_token: cut });
    report(`${cut} entries cut off: 1 witnessed head and ${cut} entries of the journal tell`);
  });
});

test('when the meter of an unreleased token is changed, then its statement tells, and the journal too', async () => {
  await onCopy(async (dataFolder) => {
    alter(dataFolder, (books) => {
      books.exec("UPDATE chain_entry SET meter_pan = '600727000000000017' WHERE state = 'unreleased'");
    });
    assert.equal(Object.keys((await audit(dataFolder)).found.findingCounts), ['statement_wrong']);
    const { findingCounts } = await verifyDataFolder(dataFolder, PINNED(), () => undefined);
    assert.equal(Object.keys(findingCounts).sort(), ['journal_differs', 'statement_wrong']);
  });
});

test('when only the journal can tell, then it does: a row of its own', async () => {
  await onCopy(async (dataFolder) => {
    const journal = openJournal(dataFolder);
    journal.exec('DELETE FROM entry WHERE counter IN (7, 8)');
    journal.close();
    const { findings } = await verifyDataFolder(dataFolder, PINNED(), () => undefined);
    assert.equal(
      findings.map(({ kind, counter }) => [kind, counter]),
      [
        ['journal_missing', 7],
        ['journal_missing', 8],
      ],
    );
  });
});

test.run();
