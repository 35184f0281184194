/** A refusal that came over a wire as code and text, as the fault that it was. */
import { FAULTS, type FaultCode, StsFault } from '../../lib/faults.ts';

export function faultOfCode(code: string, text: string): StsFault {
  if (!Object.hasOwn(FAULTS, code)) return new StsFault('internal_error');
  const known = code as FaultCode;
  const detail = text.slice(FAULTS[known].text.length + 2);
  return new StsFault(known, detail === '' ? undefined : detail);
}
