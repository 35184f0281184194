/** Rows of customers and of fault reports as the two databases give them, and how what was found is paged. */
import type {
  CustomerRecord,
  FaultReport,
  FaultReportKind,
  FaultReportState,
  FoundCustomer,
  RegisteredContact,
  SearchPage,
  SearchPlace,
} from './customer-contract.ts';

export interface CustomerRow {
  readonly meter_pan: string;
  readonly name: string | null;
  readonly address: string;
  readonly account: string | null;
  readonly location_reference: string | null;
  readonly reference: string | null;
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: string | null;
  readonly notify: number | boolean;
  readonly updated_at: number;
}

export const CUSTOMER_COLUMNS = `meter_pan, name, address, account, location_reference, reference, phone, email, language,
  notify, updated_at`;

export function customerOf(row: CustomerRow): CustomerRecord {
  return {
    meterPan: row.meter_pan,
    name: row.name,
    addressLines: JSON.parse(row.address) as string[],
    account: row.account,
    locationReference: row.location_reference,
    reference: row.reference,
    phone: row.phone,
    email: row.email,
    language: row.language,
    notify: Boolean(row.notify),
    updatedAt: row.updated_at,
  };
}

/** In the order of {@link CUSTOMER_COLUMNS}. */
export function customerValues(customer: CustomerRecord): (string | number | boolean | null)[] {
  const { meterPan, name, addressLines, account, locationReference, reference } = customer;
  const { phone, email, language, notify, updatedAt } = customer;
  const where = [meterPan, name, JSON.stringify(addressLines), account, locationReference, reference];
  return [...where, phone, email, language, notify, updatedAt];
}

/** Whether a record says the same; when it was said does not count. */
export function isSameCustomer(left: CustomerRecord, right: CustomerRecord): boolean {
  const said = (customer: CustomerRecord) => JSON.stringify(customerValues({ ...customer, updatedAt: 0 }));
  return said(left) === said(right);
}

/** @param row - with the columns null where there is no customer who agreed. */
export function contactOf(row: {
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: string | null;
}): RegisteredContact | undefined {
  const { phone, email, language } = row;
  return phone === null && email === null ? undefined : { phone, email, language };
}

/** Above all words that begin so: no word holds the last character of Unicode. */
export function endOfWords(beginning: string): string {
  return `${beginning}\u{10ffff}`;
}

export interface FoundRow extends CustomerRow {
  readonly word: string;
  readonly drn: string;
}

/** @param last - the last word that was looked at, when more stand behind it. */
export function searchPageOf(
  rows: readonly FoundRow[],
  { lead, limit }: { readonly lead: number; readonly limit: number },
  last: { readonly word: string; readonly meter_pan: string } | undefined,
): SearchPage {
  const found = rows.map((row): FoundCustomer => ({ customer: customerOf(row), drn: row.drn }));
  const end = rows.length < limit ? last : rows.at(-1);
  const next: SearchPlace | null = end ? { lead, word: end.word, meterPan: end.meter_pan } : null;
  return { found, next };
}

export interface FaultReportRow {
  readonly report_id: number;
  readonly vendor_id: string;
  readonly request_id: string;
  readonly meter_pan: string;
  readonly kind: FaultReportKind;
  readonly text: string;
  readonly reported_at: number;
  readonly reported_by: string;
  readonly state: FaultReportState;
  readonly note: string;
  readonly changed_at: number | null;
  readonly changed_by: string | null;
}

export const FAULT_REPORT_COLUMNS = `report_id, vendor_id, request_id, meter_pan, kind, text, reported_at, reported_by, state,
  note, changed_at, changed_by`;

export function faultReportOf(row: FaultReportRow): FaultReport {
  return {
    reportId: row.report_id,
    vendorId: row.vendor_id,
    requestId: row.request_id,
    meterPan: row.meter_pan,
    kind: row.kind,
    text: row.text,
    reportedAt: row.reported_at,
    reportedBy: row.reported_by,
    state: row.state,
    note: row.note,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
  };
}

export function isSameReport(
  held: FaultReport,
  { meterPan, kind, text }: Pick<FaultReport, 'meterPan' | 'kind' | 'text'>,
): boolean {
  return held.meterPan === meterPan && held.kind === kind && held.text === text;
}
