/** What an approval would do, in words, and what would be another than it is now. */
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { showMinor } from '../../money.ts';
import type { Approval, ApprovalKind, User, Vendor } from './answers.ts';
import { type Difference, differencesOf } from './differences.ts';
import { Table } from './parts.tsx';
import { type TextKey, useSay } from './speech.ts';

export const KIND_NAMES: Readonly<Record<ApprovalKind, TextKey>> = {
  tariffVersion: 'kindTariffVersion',
  deposit: 'kindDeposit',
  depositReversal: 'kindDepositReversal',
  saleReversal: 'kindSaleReversal',
  creditLimit: 'kindCreditLimit',
  commissionTerms: 'kindCommissionTerms',
  commissionPayment: 'kindCommissionPayment',
  freeIssue: 'kindFreeIssue',
  replacement: 'kindReplacement',
  changeOut: 'kindChangeOut',
  engineeringToken: 'kindEngineeringToken',
  user: 'kindUser',
  passwordReset: 'kindPasswordReset',
  setting: 'kindSetting',
};

const SENTENCES: Readonly<Record<ApprovalKind, TextKey>> = {
  tariffVersion: 'willTariffVersion',
  deposit: 'willDeposit',
  depositReversal: 'willDepositReversal',
  saleReversal: 'willSaleReversal',
  creditLimit: 'willCreditLimit',
  commissionTerms: 'willCommissionTerms',
  commissionPayment: 'willCommissionPayment',
  freeIssue: 'willFreeIssue',
  replacement: 'willReplacement',
  changeOut: 'willChangeOut',
  engineeringToken: 'willEngineeringToken',
  user: 'willUser',
  passwordReset: 'willPasswordReset',
  setting: 'willSetting',
};

interface Before {
  readonly vendor?: Vendor;
  /** In the form of {@link matterOf}; undefined where nothing of the kind stands yet. */
  readonly value?: unknown;
  /** What was asked about it was refused: the difference cannot be told. */
  readonly isUnknown?: boolean;
}

export function ApprovalMatter({ approval }: { readonly approval: Approval }) {
  const { say, locale } = useSay();
  const [before, setBefore] = useState<Before | undefined>(undefined);
  const isOpen = approval.state === 'pending';
  useEffect(() => {
    // Of what is over, the books have moved on.
    if (isOpen) lookBefore(approval).then(setBefore, () => setBefore({ isUnknown: true }));
  }, [approval.approvalId, isOpen]);
  const { payload, kind } = approval;
  const currency = before?.vendor?.currency ?? textIn(payload, 'currency');
  const money = (minor: unknown) =>
    currency === '' ? String(minor) : showMinor(Number(minor), currency, locale);
  const values: Record<string, string> = {
    vendor: before?.vendor?.name ?? approval.vendorId ?? '',
    tariff: textIn(payload, 'tariffId'),
    from: momentIn(payload, locale) ?? textIn(payload, 'fromMonth'),
    month: textIn(payload, 'month'),
    amount: money(payload['amountMinor']),
    limit: money(payload['creditLimitMinor']),
    reference: textIn(payload, 'reference') || textIn(payload, 'requestId'),
    sale: textIn(payload, 'saleId'),
    meter: textIn(payload, 'meterPan') || textIn(payload, 'oldMeterPan'),
    other: textIn(payload, 'newMeterPan'),
    user: textIn(payload, 'userId') || textIn(payload['user'], 'userId'),
    name: textIn(payload, 'name'),
    value: textIn(payload, 'value'),
  };
  const shown = isOpen ? differencesOf(before?.value, matterOf(approval)) : [];
  return (
    <>
      <p class="will">{say(SENTENCES[kind], values)}</p>
      {before?.isUnknown !== true && before?.vendor !== undefined && kind === 'deposit' && (
        <Changes
          rows={[
            {
              path: say('float'),
              before: money(before.vendor.floatMinor),
              after: money(before.vendor.floatMinor + Number(payload['amountMinor'])),
            },
          ]}
        />
      )}
      {kind === 'creditLimit' && before?.vendor !== undefined && (
        <Changes
          rows={[
            {
              path: say('creditLimit'),
              before: money(before.vendor.creditLimitMinor),
              after: values['limit'],
            },
          ]}
        />
      )}
      {before !== undefined && shown.length > 0 && <Changes rows={shown} />}
    </>
  );
}

function Changes({ rows }: { readonly rows: readonly Difference[] }) {
  const { say } = useSay();
  return (
    <Table caption={say('differences')} heads={[say('field'), say('today'), say('thereafter')]}>
      {rows.map(({ path, before, after }) => (
        <tr key={path}>
          <th scope="row">{path}</th>
          <td>{before === undefined ? '–' : before}</td>
          <td>{after === undefined ? '–' : <b>{after}</b>}</td>
        </tr>
      ))}
    </Table>
  );
}

/** What of the request is compared, field by field, with what stands; the sentence says the rest. */
function matterOf({ kind, payload }: Approval): unknown {
  switch (kind) {
    case 'tariffVersion':
    case 'commissionTerms':
      return payload['terms'];
    case 'user':
      return payload['user'];
    case 'setting':
      return { [textIn(payload, 'name')]: payload['value'] };
    case 'freeIssue':
    case 'replacement':
    case 'changeOut':
    case 'engineeringToken':
      return payload;
    case 'deposit':
    case 'depositReversal':
    case 'saleReversal':
    case 'creditLimit':
    case 'commissionPayment':
    case 'passwordReset':
      return undefined;
  }
}

/** @throws Refusal where the reader may not see what stands: then the request stands alone. */
async function lookBefore({ kind, payload, vendorId }: Approval): Promise<Before> {
  const at = (path: string, id: string) => `${path}/${encodeURIComponent(id)}`;
  switch (kind) {
    case 'tariffVersion': {
      const { versions } = await call<{ versions: readonly { terms: unknown }[] }>(
        'GET',
        at('/v1/tariffs', textIn(payload, 'tariffId')),
      );
      return { value: versions.at(-1)?.terms };
    }
    case 'commissionTerms': {
      const path = `${at('/v1/vendors', vendorId ?? '')}/commission-terms`;
      const { versions } = await call<{ versions: readonly { terms: unknown }[] }>('GET', path);
      return { value: versions.at(-1)?.terms };
    }
    case 'user': {
      const user = await call<User>('GET', at('/v1/users', textIn(payload['user'], 'userId')));
      const { userId, name, roles, vendorId: vendor, isDisabled } = user;
      return { value: { userId, name, roles, vendorId: vendor, isDisabled } };
    }
    case 'setting': {
      const { settings } = await call<{ settings: Record<string, string> }>('GET', '/v1/settings');
      const name = textIn(payload, 'name');
      return { value: { [name]: settings[name] } };
    }
    case 'deposit':
    case 'depositReversal':
    case 'saleReversal':
    case 'creditLimit':
    case 'commissionPayment':
      return { vendor: await call<Vendor>('GET', at('/v1/vendors', vendorId ?? '')) };
    case 'freeIssue':
    case 'replacement':
    case 'changeOut':
    case 'engineeringToken':
    case 'passwordReset':
      return {};
  }
}

function textIn(value: unknown, name: string): string {
  if (typeof value !== 'object' || value === null) return '';
  const found = (value as Readonly<Record<string, unknown>>)[name];
  return found === undefined || found === null ? '' : String(found);
}

function momentIn(payload: Approval['payload'], locale: string): string | undefined {
  const from = payload['validFrom'];
  if (typeof from !== 'number' && typeof from !== 'string') return undefined;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
  return format.format(new Date(from));
}
