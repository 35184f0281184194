/** What goes over the wire about sales afterwards: the vendor's list, confirmation, reversal; and payments against a debt. */
import { z } from 'zod';
import { SALE_KINDS } from '../store/money-contract.ts';
import { Page } from './people-schemas.ts';
import { desk } from './sale-schemas.ts';
import { Currency, Id, MeterNumber, Minor, MOST_MINOR, Text } from './schemas.ts';
import { SendTo } from './send-to.ts';

const Time = z.iso.datetime();

export const SalesQuery = z.strictObject({
  operator: Id.optional(),
  till: Id.optional(),
  before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  ...Page,
});
export const SalesAnswer = z.strictObject({
  sales: z.array(
    z.strictObject({
      saleId: z.string(),
      requestId: z.string(),
      soldAt: Time,
      drn: z.string(),
      meterPan: z.string().length(18),
      currency: Currency,
      paidMinor: Minor,
      /** Energy of all tokens, before they were coded. */
      amountDeciKwh: z.int().min(0),
      kind: z.enum(SALE_KINDS),
      operator: z.string().nullable(),
      terminal: z.string().nullable(),
      state: z.enum(['sold', 'confirmed', 'reversed']),
    }),
  ),
  /** For `before`; a page may be short, or empty, before the last one. */
  next: z.int().nullable(),
});

export const ConfirmationAnswer = z.strictObject({
  requestId: Id,
  saleId: z.string(),
  state: z.literal('confirmed'),
  confirmedAt: Time,
});

/** Why: it stands beside the sale. */
export const SaleReversalBody = z.strictObject({ reason: Text });
/** `nothingSold`: nothing was sold under this id and nothing will be. `reversed`: the money is on the float again. */
export const SaleReversalAnswer = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('nothingSold'), requestId: Id, at: Time }),
  z.strictObject({
    result: z.literal('reversed'),
    requestId: Id,
    at: Time,
    saleId: z.string(),
    currency: Currency,
    amountMinor: Minor,
    /** The debt that the meter has instead, where its token may have been used. */
    debtId: Id.nullable(),
  }),
]);

/** Money against one debt of a meter, on purpose. */
export const PaymentBody = z.strictObject({
  requestId: Id,
  meter: MeterNumber,
  debtId: Id,
  paidMinor: z.int().min(1).max(MOST_MINOR),
  currency: Currency,
  ...desk,
  sendTo: SendTo.optional(),
});
