/** What goes over the wire about whose meters they are, and about what vendors report of them. */
import { z } from 'zod';
import { LANGUAGES, type Language } from '../language/catalogue.ts';
import { FAULT_REPORT_KINDS, FAULT_REPORT_STATES } from '../store/customer-contract.ts';
import { Page } from './people-schemas.ts';
import { Id, MeterNumber, Text } from './schemas.ts';

const Time = z.iso.datetime();
const Lines = z.array(Text).max(6);
const contact = {
  /** E.164. */
  phone: z.string().regex(/^\+[1-9][0-9]{6,14}$/),
  email: z.email().max(254),
  language: z.enum(LANGUAGES as [Language, ...Language[]]),
};

export const CustomerBody = z
  .strictObject({
    name: Text.optional(),
    addressLines: Lines.default([]),
    account: Text.optional(),
    /** Where the meter hangs, in the utility's own words. */
    locationReference: Text.optional(),
    /** An identity or customer number. */
    reference: Text.optional(),
    phone: contact.phone.optional(),
    email: contact.email.optional(),
    language: contact.language.optional(),
    /** Whether the customer agreed to be told of what is bought for the meter. */
    notify: z.boolean().default(false),
  })
  .refine(({ notify, phone, email }) => !notify || phone !== undefined || email !== undefined, {
    message: 'Invalid request: expected phone or email',
    path: ['phone'],
  });
export const CustomerAnswer = z.strictObject({
  meterPan: z.string().length(18),
  name: Text.nullable(),
  addressLines: Lines,
  account: Text.nullable(),
  locationReference: Text.nullable(),
  reference: Text.nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  language: contact.language.nullable(),
  notify: z.boolean(),
  updatedAt: Time,
});

/** In a body and not in an address: addresses stand in the logs of whatever lies between. */
export const MeterSearchBody = z.strictObject({
  text: Text,
  cursor: z.string().min(1).max(400).optional(),
  limit: z.int().min(1).max(50).default(20),
});
export const MeterSearchAnswer = z.strictObject({
  /** For those who sell names and addresses are masked, and the rest is null. */
  meters: z.array(
    z.strictObject({
      meterPan: z.string().length(18),
      drn: z.string(),
      name: z.string().nullable(),
      addressLines: z.array(z.string()),
      account: z.string().nullable(),
      locationReference: z.string().nullable(),
      reference: z.string().nullable(),
    }),
  ),
  /** For `cursor`; a page may be short, or empty, before the last one. */
  next: z.string().nullable(),
});

const ReportKind = z.enum(FAULT_REPORT_KINDS);
const ReportState = z.enum(FAULT_REPORT_STATES);
export const FaultReportBody = z.strictObject({
  requestId: Id,
  meter: MeterNumber,
  kind: ReportKind,
  text: Text,
});
export const FaultReportAnswer = z.strictObject({
  reportId: z.int(),
  vendorId: z.string(),
  requestId: Id,
  meterPan: z.string().length(18),
  kind: ReportKind,
  text: Text,
  reportedAt: Time,
  reportedBy: z.string(),
  state: ReportState,
  note: z.string(),
  changedAt: Time.nullable(),
  changedBy: z.string().nullable(),
});
export const FaultReportsQuery = z.strictObject({
  meter: MeterNumber.optional(),
  state: ReportState.optional(),
  before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  ...Page,
});
export const FaultReportsAnswer = z.strictObject({
  reports: z.array(FaultReportAnswer),
  next: z.int().nullable(),
});
export const FaultReportStateBody = z.strictObject({
  state: ReportState,
  note: z.string().max(200).default(''),
});
export const ReportId = z.string().regex(/^[1-9][0-9]{0,14}$/);
