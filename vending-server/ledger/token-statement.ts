/**
 * What the security module says of a token it made, in one line of text that the chain binds. So a ledger cannot pass off
 * a token as one of another kind, amount, meter or key than the module made:
 *
 *   <kind> <carried> <MeterPAN> <SGC>/<KRN>/<KT>/<base date>/<TI> <TID>
 *   creditElectricity 466 600727111111111153 201457/1/2/14/1 6778080
 *
 * `carried` is the value as the token carries it: a whole number in the unit of its kind (lib/token/kinds.ts);
 * `<resource>:<number>` for currency; `<flag>:<0|1>` and `<index>:<value>` for flags and controls; the key that the meter
 * goes to for a section of a key change. '-' stands where there is nothing to say: the value of clearTamper, and the TID of
 * a section, which carries none (sts.md 7.1).
 */

export interface TokenStatement {
  readonly kind: string;
  readonly carried: string;
  /** 18 digits. */
  readonly meterPan: string;
  /** The key under which the token is encrypted, as {@link keyText} writes it. */
  readonly key: string;
  /** null for a section of a key change. */
  readonly tidMinutes: number | null;
}

const STATEMENT = /^([a-zA-Z0-9]{1,40}) ([a-z0-9:/-]{1,64}) ([0-9]{18}) ([0-9/]{1,32}) (-|[0-9]{1,8})$/;

export function writeStatement({ kind, carried, meterPan, key, tidMinutes }: TokenStatement): string {
  return `${kind} ${carried} ${meterPan} ${key} ${tidMinutes ?? '-'}`;
}

/** @returns undefined for text that is no statement; never throws. */
export function readStatement(text: string): TokenStatement | undefined {
  const [, kind, carried, meterPan, key, tid] = STATEMENT.exec(text) ?? [];
  if (kind === undefined || carried === undefined || meterPan === undefined || key === undefined) {
    return undefined;
  }
  return { kind, carried, meterPan, key, tidMinutes: tid === '-' ? null : Number(tid) };
}

/** `<SGC>/<KRN>/<KT>/<base date>/<TI>`. */
export function keyText(key: {
  readonly supplyGroupCode: string;
  readonly keyRevision: number;
  readonly keyType: number;
  readonly baseDate: string;
  readonly tariffIndex: number;
}): string {
  return `${key.supplyGroupCode}/${key.keyRevision}/${key.keyType}/${key.baseDate}/${key.tariffIndex}`;
}
