/** What a sale orders from the security module, and whether what came back is what was ordered and answered. */
import { invariant } from '../../lib/assert.ts';
import { paymentDigest, tokenDigest } from '../ledger/chain.ts';
import type {
  IssuedToken,
  JournalledEntry,
  ManagementOrder,
  MeterKeyAttributes,
  TokenOrder,
} from '../security-module/contract.ts';
import type { MeterRecord } from '../store/contract.ts';
import type { KeyPlan } from './key-plan.ts';
import type { SaleResponse } from './sale-response.ts';
import type { WantedToken } from './wanted-tokens.ts';

/** A key change first, then all that is wanted under the new key; for money alone its entry. */
export function ordersOf(
  { meter, keyChange }: KeyPlan,
  wanted: readonly WantedToken[],
  tidMinutes: readonly number[],
): readonly TokenOrder[] {
  const key = keyAttributesOf(meter);
  const orders = wanted.map((token, index) => orderOf(token, key, tidMinutes[index] ?? 0));
  if (keyChange === undefined) return orders.length === 0 ? [{ purpose: 'payment', meter: key }] : orders;
  const { threeSections } = keyChange;
  const { keyExpiry: fromKeyExpiry, ...from } = keyChange.from;
  const { keyExpiry: _keyExpiry, ...to } = keyChange.to;
  const change = { from: { ...key, ...from }, to: { ...key, ...to }, threeSections, fromKeyExpiry };
  return [{ purpose: 'keyChange', ...change }, ...orders];
}

function orderOf(wanted: WantedToken, meter: MeterKeyAttributes, tidMinutes: number): TokenOrder {
  switch (wanted.kind) {
    case 'creditElectricity': {
      const { kind, amountDeciKwh } = wanted;
      return { purpose: 'credit', meter, tidMinutes, token: { kind, amountDeciKwh } };
    }
    case 'currencyCredit': {
      const { kind } = wanted;
      const amountHundredThousandth = String(wanted.amountHundredThousandth);
      const token = { kind, resource: 'electricity', amountHundredThousandth } as const;
      return { purpose: 'credit', meter, tidMinutes, token };
    }
    case 'management':
      return { purpose: 'management', meter, tidMinutes, token: wanted.token };
  }
}

export function keyAttributesOf(meter: MeterRecord): MeterKeyAttributes {
  const { meterPan, encryptionAlgorithm, decoderKeyAlgorithm, supplyGroupCode, tariffIndex } = meter;
  const { keyRevision, keyType, baseDate, tokenCarrierType } = meter;
  return {
    meterPan,
    encryptionAlgorithm,
    decoderKeyAlgorithm,
    supplyGroupCode,
    tariffIndex,
    keyRevision,
    keyType,
    baseDate,
    tokenCarrierType,
  };
}

/** The entries of the chain as the ledger keeps them, once they are what was asked for. */
export function evidenceOf(
  tokens: readonly IssuedToken[],
  {
    answered,
    saleDigest,
    plan,
    tidMinutes,
  }: {
    readonly answered: SaleResponse['tokens'];
    readonly saleDigest: string;
    readonly plan: KeyPlan;
    readonly tidMinutes: readonly number[];
  },
): readonly JournalledEntry[] {
  invariant(tokens.length === Math.max(1, answered.length), 'there are as many tokens as the answer says');
  const { meter, keyChange } = plan;
  const sections = keyChange?.sectionCount ?? 0;
  return tokens.map(({ tokenNo, carried, entry }, index): JournalledEntry => {
    invariant(entry.saleDigest === saleDigest, 'the chain entry is about another sale');
    const digest = tokenNo === null ? paymentDigest(saleDigest) : tokenDigest(tokenNo);
    invariant(entry.tokenDigest === digest, 'the chain entry is about another token');
    invariant(isAsAnswered(carried, answered[index]), 'the token carries what the answer says');
    const baseDate = index < sections ? (keyChange?.from.baseDate ?? meter.baseDate) : meter.baseDate;
    return {
      meterPan: meter.meterPan,
      baseDate,
      tidMinutes: tidMinutes[index - sections] ?? null,
      ...entry,
    };
  });
}

function isAsAnswered(
  carried: IssuedToken['carried'],
  token: SaleResponse['tokens'][number] | undefined,
): boolean {
  switch (token?.kind) {
    case 'creditElectricity':
      return carried.kind === token.kind && carried.amountDeciKwh === token.amountDeciKwh;
    case 'currencyCredit':
      return (
        carried.kind === token.kind &&
        carried.amountHundredThousandth === String(token.amountHundredThousandth)
      );
    case 'keyChange':
      return carried.kind.startsWith('keyChangeSection');
    case 'management':
      return saysTheSame(carried, token.token);
    default:
      return carried.kind === 'payment';
  }
}

/** Whether each word of the command stands in the token; its identifier and chance bits are the module's. */
function saysTheSame(carried: IssuedToken['carried'], command: ManagementOrder['token']): boolean {
  const said = carried as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(command).every(([field, value]) => said[field] === value);
}

/** The meter's record once the set has been issued. */
export function meterAfter({ meter, keyChange }: KeyPlan, saleId: string, changedAt: number): MeterRecord {
  if (keyChange === undefined) return meter;
  const { from, to, threeSections } = keyChange;
  return { ...meter, issuedKeyChange: { saleId, changedAt, from, to, threeSections } };
}
