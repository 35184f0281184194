/**
 * The number of a meter: MeterPAN = issuer identification number (IIN) + individual account identification number (IAIN)
 * + Luhn digit, 18 digits. The IAIN is the DRN, the number printed on the meter (sts.md 1.1).
 */
import { StsFault } from '../faults.ts';
import { hasLuhnDigit, luhnDigit } from './luhn.ts';

/** A meter's number in its parts, every one as decimal digits; all check digits are right. */
export interface MeterPan {
  /** 18 digits. */
  readonly meterPan: string;
  /** IIN: '600727' before an 11-digit DRN, '0000' before a 13-digit one. */
  readonly issuerNumber: string;
  /** 11 or 13 digits, its own Luhn digit last. */
  readonly drn: string;
  /** 2 digits in an 11-digit DRN, 4 in one of 13. */
  readonly manufacturerCode: string;
  /** 8 digits. */
  readonly serialNumber: string;
}

const IIN_BEFORE_DRN_11 = '600727';
const IIN_BEFORE_DRN_13 = '0000';

/**
 * Reads what people type: a DRN of 11 or 13 digits or a MeterPAN of 18, with spaces or dashes between.
 * @throws StsFault `meter_number_malformed` when it is none of these, `meter_number_check_digit` when a Luhn digit is wrong.
 */
export function parseMeterNumber(text: string): MeterPan {
  const digits = typeof text === 'string' ? text.replace(/[\s-]/g, '') : '';
  if (!/^[0-9]+$/.test(digits)) throw malformed();
  if (digits.length === 11) return meterPanOfDrn(IIN_BEFORE_DRN_11, digits);
  if (digits.length === 13) return meterPanOfDrn(IIN_BEFORE_DRN_13, digits);
  if (digits.length !== 18) throw malformed();
  const issuerNumber = [IIN_BEFORE_DRN_11, IIN_BEFORE_DRN_13].find((iin) => digits.startsWith(iin));
  if (issuerNumber === undefined) throw malformed();
  if (!hasLuhnDigit(digits)) throw wrongCheckDigit();
  return meterPanOfDrn(issuerNumber, digits.slice(issuerNumber.length, -1));
}

function meterPanOfDrn(issuerNumber: string, drn: string): MeterPan {
  if (!hasLuhnDigit(drn)) throw wrongCheckDigit();
  const body = issuerNumber + drn;
  return {
    meterPan: body + luhnDigit(body),
    issuerNumber,
    drn,
    manufacturerCode: drn.slice(0, -9),
    serialNumber: drn.slice(-9, -1),
  };
}

function malformed(): StsFault {
  return new StsFault('meter_number_malformed', undefined, { param: 'meter' });
}

function wrongCheckDigit(): StsFault {
  return new StsFault('meter_number_check_digit', undefined, { param: 'meter' });
}
