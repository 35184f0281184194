/** The money of an export: what each account was debited and credited, and what every vendor's float must then be. */
import type { Transfer } from '../store/contract.ts';
import { canonicalHash } from './canonical.ts';
import { type Sums, SumsByCurrency } from './export-lines.ts';
import type {
  DebtLine,
  DepositLine,
  ExportedSale,
  ReversalLine,
  TransferLine,
  VendorLine,
} from './export-records.ts';
import type { Findings } from './findings.ts';
import { commissionPaid } from './float-postings.ts';
import { bankDeposits, customerDebt, debtsOpened, vendorFloat } from './postings.ts';
import { mirrored, reversalDebtId } from './reversal-postings.ts';

export class Books {
  readonly #findings: Findings;
  readonly #balances = new Map<string, bigint>();
  /** For each debt account, the meter whose sales recovered it. */
  readonly #debtors = new Map<string, string>();
  /** Debts that a sale opened with what was owed on another meter, by account; false where it was opened twice. */
  readonly #moved = new Map<string, { readonly meterPan: string; readonly amountMinor: number } | false>();
  /** Deposits that were not taken back, by vendor and request id. */
  readonly #deposits = new Map<string, number>();
  /** Vendors and months whose commission was paid. */
  readonly #commissions = new Set<string>();
  /** What was taken back, by the sale, until the sale is read. */
  readonly #reversals = new Map<string, OpenReversal>();
  /** Debts that took the place of what a vendor owed, by their ids, until the debt is read. */
  readonly #soldOnDebt = new Map<string, SoldOnDebt>();
  readonly #sums = new SumsByCurrency();
  transfers = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** To be called before all sales. */
  reversal(reversal: ReversalLine, line: number): void {
    const { saleId, transfers } = reversal;
    this.#post(transfers);
    if (this.#reversals.has(saleId)) this.#wrong(saleId, 'stands twice', { line });
    else this.#reversals.set(saleId, { reversal, line });
  }

  sale(sale: ExportedSale, at: Place): void {
    const { saleId, vendorId, meterPan, currency, paidMinor, transfers } = sale;
    this.#post(transfers);
    for (const { debitAccount, creditAccount, amountMinor } of transfers) {
      if (!creditAccount.startsWith('debt:')) continue;
      if (debitAccount.startsWith('debt:')) {
        this.#moved.set(debitAccount, this.#moved.has(debitAccount) ? false : { meterPan, amountMinor });
      } else this.#debtors.set(creditAccount, meterPan);
    }
    this.#takenBack(sale);
    const left = flowOut(vendorFloat(vendorId, currency), transfers);
    if (left === BigInt(paidMinor)) return;
    const detail = `sale ${saleId}: ${left} left the float for a payment of ${paidMinor} ${currency}`;
    this.#findings.add({ kind: 'money_wrong', ...at, detail });
  }

  /** All of a sale or nothing, one for one: to the float that it came from, from its own accounts or on the meter's debt. */
  #takenBack({ saleId, meterPan, paidMinor, transfers }: ExportedSale): void {
    const open = this.#reversals.get(saleId);
    if (open === undefined) return;
    this.#reversals.delete(saleId);
    const { reversal, line } = open;
    const isOf = (form: 'whole' | 'meterDebt') => isSame(reversal.transfers, mirrored(transfers, form));
    if (reversal.reversedAt === null) this.#wrong(saleId, 'nobody has said so', { line });
    else if (isOf('meterDebt')) {
      this.#soldOnDebt.set(reversalDebtId(saleId), { saleId, meterPan, paidMinor, line });
    } else if (!isOf('whole')) this.#wrong(saleId, 'its transfers are not the mirror of the sale', { line });
  }

  #wrong(saleId: string, detail: string, at: Place): void {
    this.#findings.add({ kind: 'reversal_wrong', ...at, detail: `sale ${saleId} taken back: ${detail}` });
  }

  deposit(deposit: DepositLine, line: number): void {
    const { vendorId, requestId, currency, amountMinor, reference, transfers } = deposit;
    this.#post(transfers);
    this.#deposits.set(`${vendorId} ${requestId}`, amountMinor);
    const asked = canonicalHash({ operation: 'deposit', fields: { amountMinor, currency, reference } });
    const float = vendorFloat(vendorId, currency);
    const isPosted =
      flowOut(bankDeposits(currency), transfers) === -flowOut(float, transfers) &&
      -flowOut(float, transfers) === BigInt(amountMinor);
    if (asked === deposit.requestHash && isPosted) return;
    this.#findings.add({ kind: 'deposit_altered', line, detail: `deposit ${requestId} of ${vendorId}` });
  }

  /** To be called after all sales: what is left of a debt is what they have not recovered. */
  debt(debt: DebtLine, line: number): void {
    const { debtId, meterPan, openedMinor, balanceMinor, transfers } = debt;
    this.#post(transfers);
    const sold = this.#soldOnDebt.get(debtId);
    this.#soldOnDebt.delete(debtId);
    if (sold !== undefined && (sold.meterPan !== meterPan || sold.paidMinor !== openedMinor))
      this.#wrong(sold.saleId, 'its meter owes something else', { line });
    const account = transfers.length === 0 ? this.#movedAccount(debtId) : accountOpened(debt);
    const isOpened =
      transfers.length === 0 ? this.#isMoved(account, debt) : !this.#moved.has(account) && isOpening(debt);
    const owed = -(this.#balances.get(account) ?? 0n);
    this.#balances.delete(account);
    const isOfMeter = (this.#debtors.get(account) ?? meterPan) === meterPan;
    if (isOpened && isOfMeter && owed === BigInt(balanceMinor)) return;
    const detail = `debt ${debtId} of meter ${meterPan} holds ${balanceMinor} of ${openedMinor}; the books leave ${owed}`;
    this.#findings.add({ kind: 'debt_altered', line, detail });
  }

  /** Of a debt without an opening of its own. */
  #movedAccount(debtId: string): string {
    const beginning = customerDebt(debtId, '');
    return [...this.#moved.keys()].find((account) => account.startsWith(beginning)) ?? beginning;
  }

  /** The sale that moved it was to its own meter. */
  #isMoved(account: string, { meterPan, openedMinor }: DebtLine): boolean {
    const moved = this.#moved.get(account);
    if (moved === undefined || moved === false) return false;
    return moved.meterPan === meterPan && moved.amountMinor === openedMinor;
  }

  /** To be called after all deposits. */
  unexplained({ cause, ...transfer }: TransferLine, line: number): void {
    this.#post([transfer]);
    if (this.#isReversal(cause, transfer) || this.#isCommission(cause, transfer)) return;
    const { amountMinor, debitAccount, creditAccount } = transfer;
    const detail = `${amountMinor} from ${debitAccount} to ${creditAccount}, for "${cause}"`;
    this.#findings.add({ kind: 'transfer_unexplained', line, detail });
  }

  /** A deposit of the books that went back where it came from, whole and once. */
  #isReversal(cause: string, { debitAccount, creditAccount, amountMinor }: Transfer): boolean {
    const [, vendorId = '', requestId = ''] = /^depositReversal (\S+) (\S+)$/.exec(cause) ?? [];
    const key = `${vendorId} ${requestId}`;
    const currency = currencyOf(debitAccount);
    if (this.#deposits.get(key) !== amountMinor) return false;
    if (debitAccount !== vendorFloat(vendorId, currency) || creditAccount !== bankDeposits(currency))
      return false;
    return this.#deposits.delete(key);
  }

  /** One payment for a vendor and a month. What it should have come to is not in the export. */
  #isCommission(cause: string, { debitAccount, creditAccount }: Transfer): boolean {
    const [, vendorId = ''] = /^commission (\S+) [0-9]{4}-[0-9]{2}$/.exec(cause) ?? [];
    const currency = currencyOf(debitAccount);
    if (debitAccount !== commissionPaid(currency) || creditAccount !== vendorFloat(vendorId, currency))
      return false;
    const isFirst = !this.#commissions.has(cause);
    this.#commissions.add(cause);
    return isFirst;
  }

  vendor({ vendorId, currency, floatMinor }: VendorLine, line: number): void {
    const account = vendorFloat(vendorId, currency);
    const balance = this.#balances.get(account) ?? 0n;
    this.#balances.delete(account);
    if (balance === BigInt(floatMinor)) return;
    const detail = `vendor ${vendorId} holds ${floatMinor}, the transfers leave ${balance} ${currency}`;
    this.#findings.add({ kind: 'float_wrong', line, detail });
  }

  /**
   * @param isWhole - false for a cut file: the vendors then stand in what is missing, and nobody is accused for it.
   * @returns both sums of every currency.
   */
  end(isWhole: boolean): Sums {
    for (const [saleId, { line }] of this.#reversals)
      if (isWhole) this.#wrong(saleId, 'there is no such sale', { line });
    for (const { saleId, line } of this.#soldOnDebt.values())
      if (isWhole) this.#wrong(saleId, 'no meter owes it', { line });
    for (const [account, balance] of this.#balances) {
      if (!isWhole) continue;
      if (/^debt:/.test(account)) {
        this.#findings.add({ kind: 'debt_altered', detail: `${account} is no debt of the books` });
      }
      if (!/^vendor:.*:float:[^:]*$/.test(account)) continue;
      this.#findings.add({ kind: 'float_wrong', detail: `${account} is no vendor's, and holds ${balance}` });
    }
    return this.#sums.sums();
  }

  #post(transfers: readonly Transfer[]): void {
    this.transfers += transfers.length;
    for (const transfer of transfers) {
      const { debitAccount, creditAccount, amountMinor } = transfer;
      const amount = BigInt(amountMinor);
      this.#balances.set(debitAccount, (this.#balances.get(debitAccount) ?? 0n) - amount);
      this.#balances.set(creditAccount, (this.#balances.get(creditAccount) ?? 0n) + amount);
      this.#sums.add(transfer);
    }
  }
}

function accountOpened({ debtId, transfers: [opening] }: DebtLine): string {
  return customerDebt(debtId, currencyOf(opening?.debitAccount ?? ''));
}

/** One transfer, of all that was owed. */
function isOpening(debt: DebtLine): boolean {
  const [opening, ...more] = debt.transfers;
  const account = accountOpened(debt);
  return (
    more.length === 0 &&
    opening?.debitAccount === account &&
    opening.creditAccount === debtsOpened(currencyOf(account)) &&
    opening.amountMinor === debt.openedMinor
  );
}

interface OpenReversal {
  readonly reversal: ReversalLine;
  readonly line: number;
}

interface SoldOnDebt {
  readonly saleId: string;
  readonly meterPan: string;
  readonly paidMinor: number;
  readonly line: number;
}

interface Place {
  readonly counter?: number;
  readonly line: number;
}

function isSame(left: readonly Transfer[], right: readonly Transfer[]): boolean {
  return (
    left.length === right.length &&
    left.every(
      ({ debitAccount, creditAccount, amountMinor }, index) =>
        debitAccount === right[index]?.debitAccount &&
        creditAccount === right[index]?.creditAccount &&
        amountMinor === right[index]?.amountMinor,
    )
  );
}

/** What leaves an account by these transfers, less what enters it. */
function flowOut(account: string, transfers: readonly Transfer[]): bigint {
  let out = 0n;
  for (const { debitAccount, creditAccount, amountMinor } of transfers) {
    if (debitAccount === account) out += BigInt(amountMinor);
    if (creditAccount === account) out -= BigInt(amountMinor);
  }
  return out;
}

function currencyOf(account: string): string {
  return account.slice(account.lastIndexOf(':') + 1);
}
