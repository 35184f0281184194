/** The words: what a customer reads, and what a webhook is told. Made when they are sent, from what the books hold. */
import { decimalText } from '../../lib/decimal.ts';
import { StsFault } from '../../lib/faults.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';
import { type Language, say, sayDecimal } from '../language/catalogue.ts';
import { checkAddressOf, type ReceiptDesk } from '../receipt/desk.ts';
import type { ReceiptFacts, ReceiptToken, TokenAmount } from '../receipt/facts.ts';
import { commandText } from '../receipt/given.ts';
import { type Speaker, speakerOf } from '../receipt/layout.ts';
import { printText } from '../receipt/print.ts';
import type { RecordedSale, Store } from '../store/contract.ts';
import type { Notification } from '../store/outbox.ts';
import { toldSale } from '../vending/find-sale.ts';
import { receiptOf } from '../vending/receipt-of.ts';
import type { SaleResponse } from '../vending/sale-response.ts';
import type { LowBalance } from './notification.ts';
import type { Message } from './ports.ts';

interface Sources {
  readonly store: Store;
  readonly receipts: ReceiptDesk;
}

export async function messageOf(sources: Sources, notification: Notification): Promise<Message> {
  const { notificationId, kind, target: to, channel } = notification;
  const words =
    kind === 'sale.completed'
      ? await saleWords(sources, notification)
      : lowBalanceWords(sources.receipts, notification);
  const { subject, short, long } = words;
  return channel === 'sms'
    ? { notificationId, kind, to, subject: null, text: short }
    : { notificationId, kind, to, subject, text: long };
}

/** Standard Webhooks: type, time and data; the data of a sale are its exact answer. */
export async function webhookBody(
  { store }: Pick<Sources, 'store'>,
  notification: Notification,
): Promise<string> {
  const { kind: type, facts } = notification;
  if (type === 'sale.completed') {
    const { responseBody } = await saleOf(store, notification);
    const { soldAt: timestamp } = JSON.parse(responseBody) as SaleResponse;
    return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timestamp)},"data":${responseBody}}`;
  }
  const { readAt, ...data } = JSON.parse(facts ?? '{}') as Omit<LowBalance, 'requestId'>;
  return JSON.stringify({ type, timestamp: new Date(readAt).toISOString(), data });
}

interface Words {
  readonly subject: string;
  readonly short: string;
  readonly long: string;
}

async function saleWords({ store, receipts }: Sources, notification: Notification): Promise<Words> {
  const language = notification.language as Language;
  const facts = await receiptOf({ store }, await saleOf(store, notification), receipts.settings);
  // The words of a sale would be wrong by now.
  if (facts.reversedAt !== undefined) throw new StsFault('sale_reversed');
  const options = {
    language,
    isCopy: false,
    key: receipts.key(),
    checkAddress: checkAddressOf(receipts.settings),
  };
  return {
    subject: say(language, 'emailSaleSubject', { receipt: facts.receiptNumber }),
    short: shortSale(facts, language),
    long: printText(facts, options, 48),
  };
}

/** Key changes first, as they are keyed in. */
function shortSale(facts: ReceiptFacts, language: Language): string {
  const { tokens, utility, meter, receiptNumber: receipt } = facts;
  const changes = tokens.filter(({ kind }) => kind === 'keyChange');
  const others = tokens.filter(({ kind }) => kind !== 'keyChange');
  const about = { utility: utility.name, meter: meter.drn, receipt };
  if (others.length === 0) return withoutCredit(facts, changes, about, language);
  const amount = amounts(facts, others, language);
  const sale = say(language, 'smsSale', { ...about, amount, tokens: digits(others) });
  return changes.length === 0
    ? sale
    : `${say(language, 'smsKeyChange', { tokens: digits(changes) })} ${sale}`;
}

/** A key change alone, money that arrears and charges took whole, or a meter that left nothing to the next one. */
function withoutCredit(
  { currency, paidMinor, given }: ReceiptFacts,
  changes: readonly ReceiptToken[],
  about: Readonly<Record<'utility' | 'meter' | 'receipt', string>>,
  language: Language,
): string {
  const keys = { ...about, tokens: digits(changes) };
  const key = changes.length === 0 ? [] : [say(language, 'smsKeyChangeOnly', keys)];
  const old = given?.oldMeter ?? null;
  const amount = speakerOf(language, currency).money(paidMinor);
  const rest =
    old !== null
      ? [say(language, 'smsMoved', { ...about, old })]
      : paidMinor > 0 || changes.length === 0
        ? [say(language, 'smsNoToken', { ...about, amount })]
        : [];
  return [...key, ...rest].join(' ');
}

function digits(tokens: readonly ReceiptToken[]): string {
  return tokens.map(({ tokenNo }) => groupTokenNo(tokenNo)).join(', ');
}

/** What is keyed in besides key changes; a sale of several tokens of one energy says each, as the meter will show them. */
function amounts({ currency }: ReceiptFacts, tokens: readonly ReceiptToken[], language: Language): string {
  const speak = speakerOf(language, currency);
  return tokens.map((token) => tokenText(token, speak, currency, language)).join(' + ');
}

function tokenText(token: ReceiptToken, speak: Speaker, currency: string, language: Language): string {
  switch (token.kind) {
    case 'credit':
      return amountText(token.amount, currency, language);
    case 'management':
      return commandText(token, speak);
    case 'keyChange':
      return '';
  }
}

function amountText(amount: TokenAmount, currency: string, language: Language): string {
  return amount.unit === 'kWh'
    ? say(language, 'kwh', { amount: sayDecimal(language, decimalText(amount.amountDeciKwh, 1)) })
    : `${currency} ${sayDecimal(language, decimalText(amount.amountHundredThousandth, 5, 2))}`;
}

function lowBalanceWords({ settings }: ReceiptDesk, { facts, language: spoken }: Notification): Words {
  const language = spoken as Language;
  const { drn: meter, balanceDeciKwh } = JSON.parse(facts ?? '{}') as LowBalance;
  const amount = sayDecimal(language, decimalText(balanceDeciKwh, 1));
  const text = say(language, 'smsLowBalance', { utility: settings.utility.name, meter, amount });
  return { subject: say(language, 'emailLowBalanceSubject'), short: text, long: `${text}\n` };
}

/** As it may be told now. @throws StsFault `store_damaged`. */
async function saleOf(store: Store, { saleId, createdAt }: Notification): Promise<RecordedSale> {
  const sale = saleId === null ? undefined : await store.findSale(saleId);
  if (sale === undefined) throw new StsFault('store_damaged', 'a message tells of a sale that is not there');
  return toldSale(store, sale, createdAt);
}
