/** The terms under which a meter buys at a moment. */
import { StsFault } from '../../lib/faults.ts';
import type { Store, TariffVersion } from '../store/contract.ts';
import type { TariffTerms } from '../tariff/terms.ts';

/** Terms read before, by their text: a tariff is read a million times and changes once a year. */
const known = new Map<string, TariffTerms>();
const KNOWN_MAX = 1000;

export interface DatedTerms {
  /** When the version began, milliseconds since 1970 UTC. */
  readonly validFrom: number;
  readonly terms: TariffTerms;
}

/** @throws StsFault `tariff_unknown`; `tariff_not_in_force` before the first version begins. */
export async function findTerms(
  store: Pick<Store, 'findTariff'>,
  tariffId: string,
  now: number,
): Promise<DatedTerms> {
  return termsAt(await store.findTariff(tariffId), now);
}

/** @param versions - all of one tariff, the earliest first. @throws as {@link findTerms}. */
export function termsAt(versions: readonly TariffVersion[], now: number): DatedTerms {
  if (versions.length === 0) throw new StsFault('tariff_unknown', undefined, { param: 'tariffId' });
  const version = versions.filter(({ validFrom }) => validFrom <= now).at(-1);
  if (version === undefined) throw new StsFault('tariff_not_in_force', undefined, { param: 'tariffId' });
  return { validFrom: version.validFrom, terms: termsOf(version) };
}

export interface TariffVersions {
  readonly tariffId: string;
  /** ISO 8601 UTC, the earliest first. */
  readonly versions: readonly { readonly validFrom: string; readonly terms: TariffTerms }[];
}

/** @throws StsFault `tariff_unknown`. */
export async function findVersions(
  store: Pick<Store, 'findTariff'>,
  tariffId: string,
): Promise<TariffVersions> {
  const held = await store.findTariff(tariffId);
  if (held.length === 0) throw new StsFault('tariff_unknown', undefined, { param: 'tariffId' });
  const versions = held.map((version) => ({
    validFrom: new Date(version.validFrom).toISOString(),
    terms: termsOf(version),
  }));
  return { tariffId, versions };
}

/** Only `putTariff` writes terms, and it writes nothing but parsed TariffTerms. */
function termsOf({ terms: text }: Pick<TariffVersion, 'terms'>): TariffTerms {
  let terms = known.get(text);
  if (terms === undefined) {
    terms = JSON.parse(text) as TariffTerms;
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, terms);
  }
  return terms;
}
