/** What goes over the wire between the page for customers and the server. */
import { z } from 'zod';
import { LANGUAGES, type Language } from '../language/catalogue.ts';
import { SALE_KINDS } from '../store/money-contract.ts';
import { ReceiptFactsOut } from './receipt-schemas.ts';
import { Currency, Id, MeterNumber, Minor } from './schemas.ts';

const Time = z.iso.datetime();
const Spoken = z.enum(LANGUAGES as [Language, ...Language[]]);
const Month = z.string().regex(/^[0-9]{4}-[0-9]{2}$/);
const ReceiptNumber = z.string().regex(/^[A-Za-z0-9_-]{1,24}$/);
const DeciKwh = z.int().min(0);

export const VisitBody = z.union([
  /** All that the QR code of a receipt holds, with or without its address. */
  z.strictObject({ code: z.string().min(1).max(600) }),
  z.strictObject({
    meter: MeterNumber,
    receiptNumber: ReceiptNumber,
    /** The first four digits of any token on the receipt. */
    tokenStart: z.string().regex(/^[0-9]{4}$/),
  }),
]);

export const VisitAnswer = z.strictObject({
  meter: z.strictObject({ drn: z.string() }),
  /** The sale whose receipt was shown. */
  saleId: z.string(),
  /** How long the visit may last yet; told so because the clock of a phone may be wrong. */
  secondsLeft: z.int().min(0),
  csrfToken: z.string(),
  /** Whether the receipt is young enough for tokens to be shown again. */
  showsTokens: z.boolean(),
  /** Whether this server sells for practice alone. */
  isSandbox: z.boolean(),
  utility: z.strictObject({ name: z.string(), supportNumber: z.string().nullable() }),
  /** Whether a number and an address are registered, and no more of them. */
  hasPhone: z.boolean(),
  hasEmail: z.boolean(),
});

export const MeterPurchasesAnswer = z.strictObject({
  /** The newest first. */
  purchases: z.array(
    z.strictObject({
      saleId: z.string(),
      receiptNumber: z.string(),
      soldAt: Time,
      /** Where the utility is. */
      day: z.iso.date(),
      kind: z.enum(SALE_KINDS),
      currency: Currency,
      paidMinor: Minor,
      boughtDeciKwh: DeciKwh,
      givenDeciKwh: DeciKwh,
      isTakenBack: z.boolean(),
    }),
  ),
  hasMore: z.boolean(),
  /** The oldest first; months without a purchase are left out. */
  months: z.array(
    z.strictObject({
      month: Month,
      purchases: z.int().min(1),
      paidMinor: Minor,
      boughtDeciKwh: DeciKwh,
      givenDeciKwh: DeciKwh,
    }),
  ),
  /** null until there were purchases on two days. */
  use: z
    .strictObject({
      fromDay: z.iso.date(),
      days: z.int().min(1),
      perDayKwh: z.string(),
      lastsDays: z.int().min(0),
      lastsUntil: z.iso.date(),
    })
    .nullable(),
});

/** The receipt of a purchase; without its tokens, and never with whose meter it is. */
export const ExplainedAnswer = ReceiptFactsOut;
export const LastTokensAnswer = z.strictObject({ purchases: z.array(ReceiptFactsOut) });

export const LowBalanceChoiceBody = z
  .strictObject({
    isTold: z.boolean(),
    /** Told at this or less. */
    belowDeciKwh: z.int().min(1).max(100_000),
    channel: z.enum(['sms', 'email']),
    /** Whether at one of its own and not at the registered one; what was given before need not be given again. */
    isOwnTarget: z.boolean(),
    /** E.164. */
    phone: z
      .string()
      .regex(/^\+[1-9][0-9]{6,14}$/)
      .optional(),
    email: z.email().max(254).optional(),
    language: Spoken,
    /** Not between nine in the evening and seven in the morning. */
    byDay: z.boolean(),
  })
  .refine(({ channel, phone, email }) => (channel === 'sms' ? email : phone) === undefined, {
    message: 'Invalid request: expected the target of the channel',
    path: ['channel'],
  });

export const LowBalanceChoiceAnswer = z.strictObject({
  /** null where nothing was chosen. */
  choice: z
    .strictObject({
      isTold: z.boolean(),
      belowDeciKwh: z.int(),
      channel: z.enum(['sms', 'email']),
      /** The last three characters of the number, the first of the address; null for the registered one. */
      maskedTarget: z.string().nullable(),
      language: Spoken,
      byDay: z.boolean(),
      changedAt: Time,
    })
    .nullable(),
});

/** At most a thousand units of a currency: it is for practice. */
export const PracticeBody = z.strictObject({ requestId: Id, paidMinor: z.int().min(1).max(100_000) });
