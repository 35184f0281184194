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

export interface TariffSummary {
  readonly tariffId: string;
  readonly currency: string;
  readonly energy: TariffTerms['energy']['kind'];
  readonly versions: number;
  /** ISO 8601 UTC: since when the version in force stands; null before the first one begins. */
  readonly inForceSince: string | null;
  /** When the next version begins, if there is one. */
  readonly nextFrom: string | null;
}

/** Tariffs by their names, after this one. */
export async function listTariffs(
  store: Pick<Store, 'findTariff' | 'tariffIds'>,
  { after, limit, now }: { readonly after: string; readonly limit: number; readonly now: number },
): Promise<readonly TariffSummary[]> {
  const ids = await store.tariffIds(after, limit);
  return Promise.all(ids.map(async (tariffId) => summaryOf(tariffId, await store.findTariff(tariffId), now)));
}

function summaryOf(tariffId: string, held: readonly TariffVersion[], now: number): TariffSummary {
  const begun = held.filter(({ validFrom }) => validFrom <= now).at(-1);
  const next = held.find(({ validFrom }) => validFrom > now);
  const shown = begun ?? next;
  if (shown === undefined) throw new StsFault('store_damaged', 'a tariff without a version');
  const { currency, energy } = termsOf(shown);
  const dateOf = (version: TariffVersion | undefined) =>
    version === undefined ? null : new Date(version.validFrom).toISOString();
  return {
    tariffId,
    currency,
    energy: energy.kind,
    versions: held.length,
    inForceSince: dateOf(begun),
    nextFrom: dateOf(next),
  };
}

/** Only `putTariff` writes terms, and it writes nothing but parsed TariffTerms. */
export function termsOf({ terms: text }: Pick<TariffVersion, 'terms'>): TariffTerms {
  let terms = known.get(text);
  if (terms === undefined) {
    terms = JSON.parse(text) as TariffTerms;
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, terms);
  }
  return terms;
}
