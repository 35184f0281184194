/**
 * The rival of the sales bench, plain JavaScript: one route on the same HTTP stack, which only writes the rows that a sale
 * of the server writes, in grouped durable commits, and answers with a sale's answer when they are durable. It asks nobody's
 * name, reckons nothing, looks nothing up and makes no token. A second route answers without writing. A third writes the rows
 * once a process of its own has signed and keeps a row of each in a durable journal (bare-signer.mjs): what a sale costs
 * before anything of it is reckoned, where keys stand in another process than the door.
 *
 * Arguments: a copy of a server's ledger, and in it the ids of a sale without arrears and of one with. Prints its address.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import express from 'express';

const database = new Database(process.argv[2]);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.pragma('foreign_keys = ON');
// SQLite's own way of copying the log, in the thread that writes; a longer log than by default, to do it less often.
database.pragma('wal_autocheckpoint = 4000');
database.pragma('cache_size = -65536');

const insertion = (table) => {
  const names = database.pragma(`table_info(${table})`).map(({ name }) => name);
  return database.prepare(`INSERT INTO ${table} VALUES (${names.map((name) => `:${name}`).join(', ')})`);
};
const copyOf = (table, where, value) =>
  database.prepare(`SELECT * FROM ${table} WHERE ${where} = ?`).all(value);
const [plain, withArrears] = process.argv.slice(3).map((saleId) => ({
  sale: copyOf('sale', 'sale_id', saleId)[0],
  entry: copyOf('chain_entry', 'sale_id', saleId)[0],
  movement: copyOf('float_entry', 'reference', saleId)[0],
  transfers: copyOf('transfer', 'cause', `sale ${saleId}`),
}));
const day = database.prepare('SELECT * FROM day_count ORDER BY day DESC LIMIT 1').get();

const addSale = insertion('sale');
const addEntry = insertion('chain_entry');
const addMovement = insertion('float_entry');
const addTransfer = insertion('transfer');
const moveFloat = database.prepare('UPDATE vendor SET float_minor = float_minor - ? WHERE vendor_id = ?');
const countDay = database.prepare(
  'UPDATE day_count SET sales = sales + 1, paid_minor = paid_minor + ?, last_at = ? WHERE scope = ? AND subject = ? AND day = ?',
);
const raiseMeter = database.prepare(`UPDATE meter_history SET version = version + 1,
  before = json_array(month, month_units_deci_kwh, free_units_month, carried_minor, charges, last_at), month = ?, last_sale_id = ?,
  month_units_deci_kwh = month_units_deci_kwh + 1, last_at = ?, tid_14 = tid_14 + 1, day = ?, day_sales = day_sales + 1,
  day_paid_minor = day_paid_minor + 1, day_deci_kwh = day_deci_kwh + 1, day_last_at = ? WHERE meter_pan = ?`);
const payDebt = database.prepare('UPDATE debt SET balance_minor = balance_minor - 1 WHERE debt_id = ?');
const debts = new Map(database.prepare('SELECT meter_pan, debt_id FROM debt').raw().all());
const pans = new Map(database.prepare('SELECT drn, meter_pan FROM meter').raw().all());

let counter = database
  .prepare('SELECT max(counter) FROM chain_entry WHERE module_id = ?')
  .pluck()
  .get(plain.entry.module_id);
let number = 0;
// Hex digits by the multiplication of a counter: as scattered in an index as a digest, and nearly free.
const scattered = () => {
  number += 1;
  return ((BigInt(number) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn)
    .toString(16)
    .padStart(16, '0')
    .repeat(4);
};

function writeRows({ requestId, meter }) {
  const at = Date.now();
  const id = `sale_${at.toString(16).padStart(12, '0')}${randomUUID().slice(0, 20)}`;
  const meterPan = pans.get(meter);
  const debtId = debts.get(meterPan);
  const { sale, entry, movement, transfers } = debtId === undefined ? plain : withArrears;
  addSale.run({
    ...sale,
    sale_id: id,
    request_id: requestId,
    request_hash: scattered(),
    meter_pan: meterPan,
    sold_at: at,
  });
  for (const transfer of transfers)
    addTransfer.run({ ...transfer, transfer_id: null, cause: `sale ${id}`, booked_at: at });
  moveFloat.run(sale.paid_minor, sale.vendor_id);
  addMovement.run({ ...movement, entry_id: null, reference: id, at });
  countDay.run(sale.paid_minor, at, day.scope, day.subject, day.day);
  raiseMeter.run(day.day.slice(0, 7), id, at, day.day, at, meterPan);
  if (debtId !== undefined) payDebt.run(debtId);
  counter += 1;
  const token_digest = scattered();
  addEntry.run({
    ...entry,
    entry_id: null,
    counter,
    token_digest,
    entry_hash: scattered(),
    sale_id: id,
    meter_pan: meterPan,
  });
}

const begin = database.prepare('BEGIN IMMEDIATE');
const commit = database.prepare('COMMIT');
let waiting = [];

function commitAll() {
  const group = waiting;
  waiting = [];
  begin.run();
  for (const { body } of group) writeRows(body);
  commit.run();
  for (const { answer } of group) answer();
}

const app = express();
const answer = (response) => {
  const bytes = Buffer.from(plain.sale.response_body);
  response.writeHead(201, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes.length,
  });
  response.end(bytes);
};
const write = (body, written) => {
  if (waiting.length === 0) setImmediate(commitAll);
  waiting.push({ body, answer: written });
};
app.post('/rows', express.json(), ({ body }, response) => write(body, () => answer(response)));

/** Batches at the signer, oldest first; what is asked for meanwhile gathers, as the server's does. */
const batches = [];
let unsigned = [];
let signer;

function signAll() {
  if (unsigned.length === 0 || batches.length === 4) return;
  const batch = { calls: unsigned };
  batch.sealed = new Promise((resolve) => {
    batch.seal = resolve;
  });
  batches.push(batch);
  signer.send(unsigned.map(({ body }) => body));
  unsigned = [];
}

function writeAll({ calls, sealed }) {
  for (const { body, response } of calls) write(body, () => sealed.then(() => answer(response)));
}

function startSigner() {
  const program = fileURLToPath(new URL('./bare-signer.mjs', import.meta.url));
  const child = fork(program, [`${process.argv[2]}-signer`], { execArgv: [] });
  child.on('message', (word) => {
    // It seals each batch before it looks at the next.
    const [batch] = batches;
    const isSealed = word === 'sealed';
    // One alone is written beside the signer's own commit, more after it: only the last of them is signed.
    if (isSealed === batch.calls.length > 1) writeAll(batch);
    if (!isSealed) return;
    batch.seal();
    batches.shift();
    signAll();
  });
  return child;
}

app.post('/signed', express.json(), ({ body }, response) => {
  signer ??= startSigner();
  if (unsigned.length === 0) setImmediate(signAll);
  unsigned.push({ body, response });
});
app.post('/nothing', express.json(), (_request, response) => answer(response));
// As the server's own door (api/http-server.ts): without it Express is a third as fast, and so would be the rival.
function BareRequest(socket) {
  http.IncomingMessage.call(this, socket);
}
function BareResponse(request, given) {
  http.ServerResponse.call(this, request, given);
}
BareRequest.prototype = app.request;
BareResponse.prototype = app.response;
const server = http.createServer({ IncomingMessage: BareRequest, ServerResponse: BareResponse }, app);
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
