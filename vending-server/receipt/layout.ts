/**
 * One receipt as a list of elements in one language: what the printers of text and of PDF both print, so that no two forms
 * of a receipt can differ in what they say.
 */
import { decimalText } from '../../lib/decimal.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';
import { type Language, say, sayDecimal, type TextName } from '../language/catalogue.ts';
import { localMoment } from '../tariff/local-time.ts';
import { minorDigits } from '../tariff/minor-digits.ts';
import { explain } from './explain.ts';
import type { GivenFacts, ReceiptFacts, ReceiptLine, ReceiptMonth, ReceiptToken } from './facts.ts';
import { commandText, givenElements } from './given.ts';

export type ReceiptElement =
  /** Centred, in bold where there is bold. */
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'centre'; readonly text: string }
  | { readonly kind: 'line'; readonly text: string }
  /** A label at the left, its value at the right. */
  | { readonly kind: 'pair'; readonly label: string; readonly value: string }
  /** 20 digits as five groups of four, with what they are above them. */
  | { readonly kind: 'token'; readonly heading: string; readonly digits: string }
  | { readonly kind: 'rule' }
  | { readonly kind: 'qr'; readonly text: string };

export interface Presentation {
  readonly language: Language;
  /** Whether this is a later print of a receipt that was handed out before. */
  readonly isCopy: boolean;
  /** What the QR code holds. */
  readonly qrText: string;
}

/** Texts, money and energy in one language and one currency. */
export interface Speaker {
  readonly text: (name: TextName, values?: Readonly<Record<string, string | number>>) => string;
  readonly money: (minor: number) => string;
  readonly energy: (deciKwh: number) => string;
  readonly decimal: (text: string) => string;
}

export function speakerOf(language: Language, currency: string): Speaker {
  const decimal = (text: string) => sayDecimal(language, text);
  return {
    text: (name, values) => say(language, name, values),
    money: (minor) => `${currency} ${decimal(decimalText(minor, minorDigits(currency)))}`,
    energy: (deciKwh) => decimal(decimalText(deciKwh, 1)),
    decimal,
  };
}

/** Keeps a name and its value on one line; printed as a plain space. */
const UNBROKEN_SPACE = '\u00a0';
const RULE: ReceiptElement = { kind: 'rule' };

export function layoutReceipt(facts: ReceiptFacts, presentation: Presentation): readonly ReceiptElement[] {
  const speak = speakerOf(presentation.language, facts.currency);
  const { text } = speak;
  const reversed: ReceiptElement[] =
    facts.reversedAt === undefined ? [] : [{ kind: 'heading', text: `*** ${text('reversed')} ***` }];
  const copy: ReceiptElement[] = presentation.isCopy
    ? [{ kind: 'heading', text: `*** ${text('copy')} ***` }]
    : [];
  const money = [
    ...(facts.given === undefined ? paidOf(facts, speak) : givenOf(facts, facts.given, speak)),
    ...(facts.month === null ? [] : monthOf(facts.month, speak)),
  ];
  return [
    ...reversed,
    ...copy,
    ...headOf(facts, speak),
    RULE,
    ...meterOf(facts, speak),
    RULE,
    ...(facts.reversedAt === undefined ? tokensOf(facts, speak) : takenBack(facts, speak)),
    RULE,
    ...(money.length === 0 ? [] : [...money, RULE]),
    ...footOf(facts, speak),
    { kind: 'qr', text: presentation.qrText },
    { kind: 'centre', text: text('verify') },
    ...copy,
    ...reversed,
  ];
}

/** What the payment was used for; where nothing was paid only what is owed. */
function paidOf(facts: ReceiptFacts, speak: Speaker): readonly ReceiptElement[] {
  const debts = debtsOf(facts, speak);
  if (facts.paidMinor === 0 && facts.lines.length === 0) return debts;
  return [
    ...linesOf(facts, speak),
    ...debts,
    RULE,
    { kind: 'heading', text: speak.text('why') },
    ...explain(facts, speak).map((said): ReceiptElement => ({ kind: 'line', text: said })),
  ];
}

/** Without money there is nothing to reckon, and what is owed is owed still. */
function givenOf(facts: ReceiptFacts, given: GivenFacts, speak: Speaker): readonly ReceiptElement[] {
  return [...givenElements(facts, given, speak), ...debtsOf(facts, speak)];
}

function headOf(facts: ReceiptFacts, { text }: Speaker): readonly ReceiptElement[] {
  const { utility, vendor, soldAt, timeZone } = facts;
  const { day, minute } = localMoment(Date.parse(soldAt), timeZone);
  const clock = [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return [
    { kind: 'heading', text: utility.name },
    ...utility.addressLines.map((line): ReceiptElement => ({ kind: 'centre', text: line })),
    ...pairs([[text('taxNumber'), utility.taxNumber]]),
    { kind: 'heading', text: text('receipt') },
    ...pairs([
      [text('receiptNumber'), facts.receiptNumber],
      [text('vatInvoiceNumber'), facts.vatInvoiceNumber],
      [text('soldAt'), `${day} ${clock}`],
      [text(facts.given === undefined ? 'vendor' : 'issuedBy'), vendor.name],
    ]),
    ...vendor.addressLines.map((line): ReceiptElement => ({ kind: 'line', text: line })),
    ...pairs([
      [text('operator'), facts.operator],
      [text('terminal'), facts.terminal],
    ]),
  ];
}

function meterOf({ customer, meter }: ReceiptFacts, { text }: Speaker): readonly ReceiptElement[] {
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  const code = (name: TextName, value: string | number) => `${text(name)}${UNBROKEN_SPACE}${value}`;
  const codes = [
    code('supplyGroup', meter.supplyGroupCode),
    code('keyRevision', meter.keyRevision),
    code('tariffIndex', twoDigits(meter.tariffIndex)),
    ...(meter.encryptionAlgorithm === null ? [] : [code('algorithm', twoDigits(meter.encryptionAlgorithm))]),
    code('tokenTechnology', meter.tokenTechnology),
  ];
  return [
    ...pairs([[text('customer'), customer?.name ?? null]]),
    ...(customer?.addressLines ?? []).map((line): ReceiptElement => ({ kind: 'line', text: line })),
    ...pairs([
      [text('account'), customer?.account ?? null],
      [text('location'), customer?.locationReference ?? null],
      [text('meter'), meter.drn],
    ]),
    { kind: 'line', text: codes.join(' ') },
    ...pairs([
      [text('daysSince'), meter.daysSinceLastPurchase === null ? null : String(meter.daysSinceLastPurchase)],
    ]),
  ];
}

/** Instead of tokens: when the sale was taken back. */
function takenBack(
  { reversedAt = '', timeZone }: ReceiptFacts,
  { text }: Speaker,
): readonly ReceiptElement[] {
  const { day } = localMoment(Date.parse(reversedAt), timeZone);
  return [{ kind: 'line', text: text('reversedOn', { day }) }];
}

/** Key changes first, whatever the order in which they came, with what to do: a new token is refused under the old key. */
function tokensOf({ tokens, currency, given }: ReceiptFacts, speak: Speaker): readonly ReceiptElement[] {
  const { text } = speak;
  const changes = tokens.filter(({ kind }) => kind === 'keyChange');
  const others = tokens.filter(({ kind }) => kind !== 'keyChange');
  if (tokens.length === 0) return given === undefined ? [{ kind: 'line', text: text('noToken') }] : [];
  const printed = (token: ReceiptToken): ReceiptElement => ({
    kind: 'token',
    heading: headingOf(token, currency, speak),
    digits: groupTokenNo(token.tokenNo),
  });
  if (changes.length === 0) return others.map(printed);
  const order = changes.length === 1 ? text('keyThese1') : text('keyThese', { count: changes.length });
  return [
    { kind: 'line', text: order },
    ...changes.map(printed),
    ...(others.length === 0 ? [] : [{ kind: 'line', text: text('thenCredit') } as const]),
    ...others.map(printed),
  ];
}

function headingOf(token: ReceiptToken, currency: string, speak: Speaker): string {
  const { text, energy, decimal } = speak;
  switch (token.kind) {
    case 'keyChange':
      return text('keyChange', { section: token.section, of: token.of });
    case 'management':
      return text('management', { purpose: commandText(token, speak) });
    case 'credit': {
      const { amount } = token;
      const carried =
        amount.unit === 'kWh'
          ? text('kwh', { amount: energy(amount.amountDeciKwh) })
          : `${currency} ${decimal(decimalText(amount.amountHundredThousandth, 5))}`;
      return `${text(token.reason)} ${carried}`;
    }
  }
}

function linesOf(facts: ReceiptFacts, speak: Speaker): readonly ReceiptElement[] {
  const { text, money } = speak;
  const taxMinor = facts.lines.reduce((sum, line) => sum + line.taxMinor, 0);
  const { cash } = facts;
  return [
    ...pairs([[text('tariff'), facts.tariffName]]),
    ...facts.lines.flatMap((line) => lineOf(line, speak)),
    ...pairs([
      [text('vat'), money(taxMinor)],
      [text('total'), money(facts.paidMinor)],
      [text('cashRounding'), cash === null || cash.roundingMinor === 0 ? null : money(cash.roundingMinor)],
      [text('tendered'), cash === null ? null : money(cash.tenderedMinor)],
      [text('change'), cash === null ? null : money(cash.changeMinor)],
      [text('carried'), /[1-9]/.test(facts.carriedMinor) ? carriedText(facts, speak) : null],
    ]),
    { kind: 'line', text: text(facts.pricesIncludeVat ? 'vatInPrices' : 'vatOutOfPrices') },
  ];
}

/** Fractions of a cent as they are: '0.5' minor units of two digits are 0.005. */
function carriedText({ carriedMinor, currency }: ReceiptFacts, { decimal }: Speaker): string {
  const [whole = '0', fraction = ''] = carriedMinor.split('.');
  const digits = minorDigits(currency);
  const padded = whole.padStart(digits + 1, '0');
  const major = padded.slice(0, padded.length - digits);
  const rest = `${padded.slice(padded.length - digits)}${fraction}`.slice(0, Math.max(digits, 4));
  return `${currency} ${decimal(rest === '' ? major : `${major}.${rest}`)}`;
}

function lineOf(line: ReceiptLine, { text, money, energy, decimal }: Speaker): readonly ReceiptElement[] {
  const pair = (label: string): ReceiptElement => ({
    kind: 'pair',
    label,
    value: money(line.amountMinor),
  });
  switch (line.kind) {
    case 'energy':
      return [
        pair(text('energy')),
        ...line.steps.map(
          ({ amountDeciKwh, pricePerKwh }): ReceiptElement => ({
            kind: 'line',
            text: `  ${text('step', { amount: energy(amountDeciKwh), price: decimal(pricePerKwh) })}`,
          }),
        ),
      ];
    case 'currency':
      return [pair(text('credit'))];
    case 'paymentFee':
      return [pair(text('paymentFee'))];
    case 'arrears':
      return [pair(text('arrears', { label: line.label }))];
    case 'fixedCharge':
      return [pair(text('fixedCharge', { label: line.label }))];
    case 'rounding':
      return [pair(text('rounding'))];
  }
}

/** What is still owed: of debts that this payment touched, and of the others. */
function debtsOf({ lines, debtsLeft }: ReceiptFacts, { text, money }: Speaker): readonly ReceiptElement[] {
  const touched = lines.flatMap((line) => (line.kind === 'arrears' ? [line] : []));
  return [...touched, ...debtsLeft].map(({ label, balanceMinor }) => ({
    kind: 'pair',
    label: text('debtLeft', { label }),
    value: money(balanceMinor),
  }));
}

function monthOf(month: ReceiptMonth, { text, energy, decimal }: Speaker): readonly ReceiptElement[] {
  const { before, after } = month;
  const units: ReceiptElement = {
    kind: 'pair',
    label: text('monthUnits'),
    value: text('kwh', { amount: energy(month.unitsDeciKwh) }),
  };
  // One price for all units: there is no position to tell.
  if (before.block === 1 && before.leftDeciKwh === null) return [units];
  const block = ({ block: number, pricePerKwh }: ReceiptMonth['before']) =>
    text('block', { block: number, price: decimal(pricePerKwh) });
  const left =
    after.leftDeciKwh === null
      ? text('lastBlock')
      : text('leftInBlock', { amount: energy(after.leftDeciKwh) });
  return [
    units,
    { kind: 'pair', label: text('blockBefore'), value: block(before) },
    { kind: 'pair', label: text('blockAfter'), value: block(after) },
    { kind: 'line', text: left },
    { kind: 'line', text: text('resets', { day: month.resetsOn }) },
  ];
}

function footOf({ message, utility }: ReceiptFacts, { text }: Speaker): readonly ReceiptElement[] {
  const lines = [
    ...(message === null ? [] : [message]),
    ...(utility.supportNumber === null ? [] : [text('support', { number: utility.supportNumber })]),
  ];
  return lines.map((line) => ({ kind: 'centre', text: line }));
}

function pairs(rows: readonly (readonly [string, string | null])[]): readonly ReceiptElement[] {
  return rows.flatMap(([label, value]) =>
    value === null ? [] : [{ kind: 'pair', label, value } satisfies ReceiptElement],
  );
}
