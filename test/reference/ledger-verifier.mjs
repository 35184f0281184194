// A second verifier of ledger exports, written from vending-server/ledger/README.md alone and sharing no code with the first.
// `node ledger-verifier.mjs <export> [public key, base64]`: exit 0 when everything on that page holds, 5 with a list when not.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const H = (text) => createHash('sha256').update(text).digest('hex');
const C = (value) =>
  Array.isArray(value)
    ? `[${value.map(C).join()}]`
    : value !== null && typeof value === 'object'
      ? `{${Object.keys(value)
          .sort()
          .map((key) => `${JSON.stringify(key)}:${C(value[key])}`)
          .join()}}`
      : JSON.stringify(value);
const same = (left, right) => C(left) === C(right);

/** @returns a list of what does not hold; empty for a whole ledger. */
export function verifyExportBytes(bytes, pinnedKey) {
  const wrong = [];
  const must = (holds, what) => void (holds || wrong.push(what));
  try {
    check(bytes, pinnedKey, must);
  } catch (error) {
    wrong.push(`unreadable: ${error.message}`);
  }
  return wrong;
}

function check(bytes, pinnedKey, must) {
  const text = bytes.toString('utf8');
  must(text.endsWith('\n'), 'the last line is cut');
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const header = lines[0];
  const trailer = lines.at(-1);
  must(header?.kind === 'header' && header.format === 'wattoken-ledger-2', 'header');
  must(trailer?.kind === 'trailer', 'trailer');
  must(
    lines.filter(({ kind }) => kind === 'trailer' || kind === 'header').length === 2,
    'one header, one trailer',
  );
  const { moduleId, publicKey } = header;
  must(pinnedKey === undefined || pinnedKey === publicKey, 'public key');
  const der = Buffer.from(pinnedKey ?? publicKey, 'base64');
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const of = (kind) => lines.filter((line) => line.kind === kind);
  const [entries, deposits, debts, vendors] = [of('entry'), of('deposit'), of('debt'), of('vendor')];
  const reversals = of('reversal');
  must(same(lines.slice(1, 1 + reversals.length), reversals), 'reversals stand before the entries');
  checkChain(entries, moduleId, key, must);
  checkSales(entries, must);
  checkDoubles(entries, must);
  must(of('sale').length === 0, 'sales without an entry');
  must(areExplained(of('transfer'), deposits), 'transfers without a cause');
  const own = entries.map(({ sale }) => sale).filter((sale) => sale !== null);
  const elsewhere = of('elsewhere');
  for (const { moduleId: other, sale } of elsewhere) {
    must(other !== moduleId && sale.answer?.ledger?.moduleId === other, 'chain of a sale elsewhere');
  }
  const sales = [...own, ...elsewhere.map(({ sale }) => sale)];
  for (const { vendorId, currency, paidMinor, transfers } of sales) {
    must(left(transfers, `vendor:${vendorId}:float:${currency}`) === BigInt(paidMinor), 'money of a sale');
  }
  for (const { vendorId, currency, amountMinor, reference, requestHash, transfers } of deposits) {
    const fields = { amountMinor, currency, reference };
    must(requestHash === H(C({ operation: 'deposit', fields })), 'request of a deposit');
    must(left(transfers, `bank:deposits:${currency}`) === BigInt(amountMinor), 'bank side of a deposit');
    must(
      left(transfers, `vendor:${vendorId}:float:${currency}`) === -BigInt(amountMinor),
      'float of a deposit',
    );
  }
  checkReversals(reversals, sales, debts, must);
  const sources = [...reversals, ...sales, ...of('sale').map(({ sale }) => sale), ...deposits, ...debts];
  const moved = sources.flatMap(({ transfers }) => transfers);
  moved.push(...of('transfer'));
  checkFloats(moved, vendors, must);
  checkDebts(moved, sales, debts, must);
  const released = entries.filter(({ state }) => state === 'released').length;
  const { kind: _kind, sha256, ...claimed } = trailer;
  const last = entries.at(-1);
  const head = { counter: last?.counter ?? 0, entryHash: last?.entryHash ?? '0'.repeat(64) };
  const counts = { entries: entries.length, released, unreleased: entries.length - released };
  const found = {
    ...counts,
    sales: own.length + of('sale').length,
    reversals: reversals.length,
    deposits: deposits.length,
    debts: debts.length,
  };
  const others = elsewhere.length === 0 ? {} : { elsewhere: elsewhere.length };
  const rest = { ...others, transfers: moved.length, vendors: vendors.length, sums: sumsOf(moved), head };
  must(same(claimed, { ...found, ...rest }), 'trailer');
  must(sha256 === H(text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)), 'sha256');
}

function checkChain(entries, moduleId, key, must) {
  let [counter, previousHash] = [0, '0'.repeat(64)];
  for (const entry of entries) {
    counter += 1;
    const { saleDigest, tokenDigest, statement } = entry;
    const fields = [previousHash, moduleId, counter, saleDigest, tokenDigest];
    const lines =
      statement === '' ? ['wattoken-chain-1', ...fields] : ['wattoken-chain-2', ...fields, statement];
    const said = statement.split(' ');
    const fits = said[2] === entry.meterPan && said[4] === String(entry.tidMinutes ?? '-');
    const isOnBase = said[3]?.split('/')[3] === entry.baseDate;
    must(statement === '' || (said.length === 5 && fits && isOnBase), `statement of ${counter}`);
    must(entry.moduleId === moduleId && entry.counter === counter, `counter ${counter}`);
    must(
      entry.previousHash === previousHash && entry.entryHash === H(lines.join('\n')),
      `hash of ${counter}`,
    );
    const signature = Buffer.from(entry.signature, 'base64');
    const isCanonical = signature.toString('base64') === entry.signature;
    const signed = () => isCanonical && verify(null, Buffer.from(entry.entryHash, 'hex'), key, signature);
    must(entry.signature === '' || signed(), `signature of ${counter}`);
    previousHash = entry.entryHash;
  }
  must(entries.length === 0 || entries.at(-1).signature !== '', 'the last entry is signed');
}

/** The entries of a sale stand one after the other; the first of them brings it. */
function checkSales(entries, must) {
  for (let at = 0; at < entries.length; ) {
    const first = entries[at];
    const { counter, saleId, sale } = first;
    must((saleId === null) === (sale === null), `sale of ${counter}`);
    must(first.state === (sale === null ? 'unreleased' : 'released'), `state of ${counter}`);
    if (sale === null) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (end < entries.length && entries[end].saleId === saleId && entries[end].sale === null) end += 1;
    checkSale(entries.slice(at, end), sale, must);
    at = end;
  }
}

function checkSale(own, sale, must) {
  const last = own.at(-1);
  const { answer, tokenNos: _digits, ...facts } = sale;
  must(answer !== null, `answer of ${last.counter}`);
  if (answer === null) return;
  const { saleDigest } = last;
  const money = H(`wattoken-payment-1\n${saleDigest}`);
  const tokens = answer.tokens.length === 0 ? [{ tokenDigest: money, groupedDigest: money }] : answer.tokens;
  must(own.length === tokens.length, `tokens of ${last.counter}`);
  const whole = { ...facts, answerHash: answer.hash };
  const { baseDate, tidMinutes } = last;
  const digests = [H(C({ ...whole, format: 'wattoken-sale-2' }))];
  if (answer.tokens.length === 1)
    digests.push(H(C({ ...whole, format: 'wattoken-sale-1', baseDate, tidMinutes })));
  for (const [index, entry] of own.entries()) {
    const { counter, state, tokenDigest } = entry;
    must(digests.includes(entry.saleDigest), `sale digest of ${counter}`);
    must(state === 'released' && entry.counter === own[0].counter + index, `place of ${counter}`);
    must(sale.saleId === entry.saleId && sale.meterPan === entry.meterPan, `sale and entry ${counter}`);
    const token = tokens[index];
    must(token?.tokenDigest === tokenDigest && token?.groupedDigest === tokenDigest, `token of ${counter}`);
  }
  const { moduleId, counter, entryHash } = last;
  must(same(answer.ledger, { moduleId, counter, entryHash }), `answer of ${counter}`);
}

function checkDoubles(entries, must) {
  const isUnique = (values) => new Set(values).size === values.length;
  // A section of a key change may be given again: then it is the same section of the same set.
  const named = entries.map(({ tokenDigest, statement }) =>
    statement.startsWith('keyChangeSection') ? `${tokenDigest} ${statement}` : tokenDigest,
  );
  const others = named.filter((name) => !name.includes(' '));
  const sections = [...new Set(named.filter((name) => name.includes(' ')))].map((name) => name.split(' ')[0]);
  must(isUnique([...others, ...sections]), 'one token, one entry');
  must(
    isUnique(entries.filter(({ sale }) => sale).map(({ saleDigest }) => saleDigest)),
    'one sale, one place',
  );
  must(
    isUnique(
      entries
        .filter(({ tidMinutes }) => tidMinutes !== null)
        .map(({ meterPan, baseDate, tidMinutes }) => C([meterPan, baseDate, tidMinutes])),
    ),
    'one TID',
  );
}

function left(transfers, account) {
  const side = (name) =>
    transfers.filter((one) => one[name] === account).reduce((sum, one) => sum + BigInt(one.amountMinor), 0n);
  return side('debitAccount') - side('creditAccount');
}

/** The mirror of a sale, whole: out of its own accounts, or out of what of them a debt of its meter stands for. */
function checkReversals(reversals, sales, debts, must) {
  const sold = new Map(sales.map((sale) => [sale.saleId, sale]));
  const undone = new Set();
  for (const { saleId, reversedAt, transfers } of reversals) {
    const sale = sold.get(saleId);
    must(sale !== undefined && !undone.has(saleId) && reversedAt !== null, `reversal of ${saleId}`);
    undone.add(saleId);
    if (sale === undefined) continue;
    const mirror = (prefix) =>
      sale.transfers.map(({ debitAccount, creditAccount, amountMinor }) => {
        return { debitAccount: prefix + creditAccount, creditAccount: debitAccount, amountMinor };
      });
    const onDebt = same(transfers, mirror('debts:reversed:'));
    must(onDebt || same(transfers, mirror('')), `transfers of the reversal of ${saleId}`);
    const owed = debts.find(({ debtId }) => debtId === `reversed-${saleId}`);
    must(
      !onDebt || (owed?.meterPan === sale.meterPan && owed.openedMinor === sale.paidMinor),
      `debt for ${saleId}`,
    );
  }
}

/** Whole deposits that went back once, and one commission for a vendor and a month. */
function areExplained(transfers, deposits) {
  const open = new Map(deposits.map((one) => [`depositReversal ${one.vendorId} ${one.requestId}`, one]));
  const paid = new Set();
  return transfers.every(({ cause, debitAccount, creditAccount, amountMinor }) => {
    const month = /^commission (\S+) \d{4}-\d{2}$/.exec(cause);
    if (month !== null && !paid.has(cause)) {
      paid.add(cause);
      const currency = debitAccount.split(':').at(-1);
      return (
        debitAccount === `expense:commission:${currency}` &&
        creditAccount === `vendor:${month[1]}:float:${currency}`
      );
    }
    const deposit = open.get(cause);
    open.delete(cause);
    return (
      deposit !== undefined &&
      deposit.amountMinor === amountMinor &&
      debitAccount === `vendor:${deposit.vendorId}:float:${deposit.currency}` &&
      creditAccount === `bank:deposits:${deposit.currency}`
    );
  });
}

function checkFloats(transfers, vendors, must) {
  const floats = new Map(
    vendors.map((vendor) => [`vendor:${vendor.vendorId}:float:${vendor.currency}`, vendor]),
  );
  for (const [account, { floatMinor }] of floats) {
    must(left(transfers, account) === -BigInt(floatMinor), `float of ${account}`);
  }
  for (const { debitAccount, creditAccount, amountMinor } of transfers) {
    must(Number.isSafeInteger(amountMinor) && amountMinor > 0, 'amount of a transfer');
    for (const account of [debitAccount, creditAccount]) {
      must(!/^vendor:.*:float:/.test(account) || floats.has(account), `${account} is a vendor's`);
    }
  }
}

/** A debt is opened by a transfer of its own, or by the sale to its meter that moved it from another debt. */
function checkDebts(transfers, sales, debts, must) {
  const accounts = new Set();
  const isMove = ({ debitAccount, creditAccount }) =>
    debitAccount.startsWith('debt:') && creditAccount.startsWith('debt:');
  const moves = sales.flatMap(({ meterPan, transfers: all }) =>
    all.filter(isMove).map((move) => ({ meterPan, ...move })),
  );
  for (const { debtId, meterPan, openedMinor, balanceMinor, transfers: own } of debts) {
    const [move, ...others] = moves.filter((one) => one.debitAccount.startsWith(`debt:${debtId}:`));
    const currency = (own[0] ?? move)?.debitAccount.split(':').at(-1);
    const account = `debt:${debtId}:${currency}`;
    const opening = {
      debitAccount: account,
      creditAccount: `debts:opened:${currency}`,
      amountMinor: openedMinor,
    };
    const isMoved = own.length === 0 && move?.meterPan === meterPan && move.amountMinor === openedMinor;
    must(others.length === 0 && (move ? isMoved : same(own, [opening])), `opening of ${account}`);
    must(left(transfers, account) === BigInt(balanceMinor), `balance of ${account}`);
    const recovers = (one) => one.creditAccount === account && !isMove(one);
    const recovering = sales.filter((sale) => sale.transfers.some(recovers));
    must(
      recovering.every((sale) => sale.meterPan === meterPan),
      `meter of ${account}`,
    );
    accounts.add(account);
  }
  for (const { debitAccount, creditAccount } of transfers) {
    for (const account of [debitAccount, creditAccount]) {
      must(!account.startsWith('debt:') || accounts.has(account), `${account} is a debt of the books`);
    }
  }
}

function sumsOf(transfers) {
  const sums = {};
  for (const { debitAccount, creditAccount, amountMinor } of transfers) {
    const of = (account) => (sums[account.split(':').at(-1)] ??= { debitMinor: 0n, creditMinor: 0n });
    of(debitAccount).debitMinor += BigInt(amountMinor);
    of(creditAccount).creditMinor += BigInt(amountMinor);
  }
  for (const sum of Object.values(sums)) {
    sum.debitMinor = String(sum.debitMinor);
    sum.creditMinor = String(sum.creditMinor);
  }
  return sums;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wrong = verifyExportBytes(readFileSync(process.argv[2]), process.argv[3]);
  console.log(wrong.length === 0 ? 'whole' : wrong.join('\n'));
  process.exitCode = wrong.length === 0 ? 0 : 5;
}
