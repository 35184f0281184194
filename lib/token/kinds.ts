/**
 * Every kind of token as one discriminated type, with the unit of its value in the field's name (sts.md 2.2). What a vector
 * or a second source supports is here; reserved and free subclasses are read as `unsupported`.
 */
import type { KeyChangeSection } from '../keys/key-change.ts';

/** What every token with an identifier carries. */
export interface Issue {
  /** 24 bits, minutes since the base date. */
  readonly tidMinutes: number;
  /** 4 bits of the issuer's choice, best by chance; no meter checks them (open question B5). */
  readonly rnd: number;
}

/** Credit in units of a resource, whole tenths (class 0, subclasses 0-3); 0 to 18,201,624 of them. */
export type CreditToken =
  | ({ readonly kind: 'creditElectricity'; readonly amountDeciKwh: number } & Issue)
  | ({ readonly kind: 'creditWater'; readonly amountDeciCubicMetre: number } & Issue)
  | ({ readonly kind: 'creditGas'; readonly amountDeciCubicMetre: number } & Issue)
  | ({ readonly kind: 'creditTime'; readonly amountDeciMinute: number } & Issue);

/** What a credit register counts. */
export type Resource = 'electricity' | 'water' | 'gas' | 'time';

/** Credit in money; sign and exponent stand where other tokens have RND. */
export interface CurrencyToken {
  readonly kind: 'currencyCredit';
  readonly resource: Resource;
  readonly tidMinutes: number;
  /** Whole 0.00001 of the currency unit, below zero for a debt; up to 1.82e35. */
  readonly amountHundredThousandth: bigint;
}

/** Meter-specific management with a TID (class 2 without the key change). */
export type ManagementToken =
  | ({ readonly kind: 'setMaximumPowerLimit'; readonly limitWatt: number } & Issue)
  /** 0-3 electricity, water, gas, time; 4-7 the same in currency; FFFF all. */
  | ({ readonly kind: 'clearCredit'; readonly registerCode: number } & Issue)
  /** 16 bits raw; reserved, not used in practice (open question B1). */
  | ({ readonly kind: 'setTariffRate'; readonly rateRaw: number } & Issue)
  | ({ readonly kind: 'clearTamper' } & Issue)
  | ({ readonly kind: 'setMaximumPhasePowerUnbalanceLimit'; readonly limitWatt: number } & Issue)
  /** 16 bits raw; coding unsettled (open question B1). */
  | ({ readonly kind: 'setWaterMeterFactor'; readonly factorRaw: number } & Issue)
  | ({ readonly kind: 'setFlag'; readonly flag: number; readonly isSet: boolean } & Issue)
  /** Index list and units are not public (open question B2): passed through. */
  | ({ readonly kind: 'setControl'; readonly index: number; readonly valueRaw: number } & Issue);

/** Clear tokens for any meter: what to test or to show. */
export type DisplayToken =
  | {
      readonly kind: 'initiateTest';
      /** The width of the manufacturer code: 2 for meters with an 11-digit number, 4 with 13. */
      readonly manufacturerDigits: 2 | 4;
      /** One bit a test: 36 bits with 2 digits, 28 with 4. */
      readonly control: number;
      /** 0 addresses every meter. */
      readonly manufacturerCode: number;
    }
  | { readonly kind: 'extendedRead'; readonly index: number }
  | {
      readonly kind: 'proprietaryTest';
      /** 6-10 with 28 bits of control and 4 digits, 11-15 with 36 and 2. */
      readonly subclass: number;
      readonly control: number;
      readonly manufacturerCode: number;
    };

/** Any token that can be made and read. */
export type Token = CreditToken | CurrencyToken | ManagementToken | DisplayToken | KeyChangeSection;

/** The names of the kinds of token. */
export type TokenKind = Token['kind'];

/** What 20 digits turn out to be under a key. */
export type DecodedToken =
  | Token
  /** The CRC does not fit: mistyped, another meter's, or another key's. */
  | { readonly kind: 'crcError' }
  /** The CRC fits, the fields are not built as specified. */
  | { readonly kind: 'malformed'; readonly tokenClass: number; readonly subclass: number }
  /** The CRC fits, the subclass is reserved, free for makers, or of class 3. */
  | { readonly kind: 'unsupported'; readonly tokenClass: number; readonly subclass: number };
