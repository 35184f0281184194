/** The meters that a search has found, each to be chosen. */
export interface FoundMeter {
  readonly meterPan: string;
  readonly drn: string;
  readonly name: string | null;
  readonly addressLines: readonly string[];
}

interface FoundMetersProps {
  readonly found: readonly FoundMeter[];
  /** Said of a meter on which nobody is registered. */
  readonly nobody: string;
  readonly onChosen: (drn: string) => void;
}

/** DRN of 11 or 13 digits, MeterPAN of 18; spaces and dashes are how people group digits. */
const NUMBER = /^(\d{11}|\d{13}|\d{18})$/;

/** @returns the digits where a meter's number was typed; undefined where it is a name or an address. */
export function meterNumberIn(text: string): string | undefined {
  const digits = text.replace(/[\s-]/g, '');
  return NUMBER.test(digits) ? digits : undefined;
}

export function FoundMeters({ found, nobody, onChosen }: FoundMetersProps) {
  if (found.length === 0) return null;
  return (
    <ul class="choices">
      {found.map(({ meterPan, drn, name, addressLines }) => (
        <li key={meterPan}>
          <button type="button" onClick={() => onChosen(drn)}>
            <b>{name ?? nobody}</b>
            <span>{addressLines.join(', ')}</span>
            <span class="digits">{drn}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
