/** What is typed into the calculator, as questions to the server: one for each version. */
import { call } from '../../../api.ts';
import { parseDeciKwh, parseMinor } from '../../../money.ts';
import { WrongInput } from '../../deed.tsx';
import type { Values } from '../act-form.tsx';
import type { History, MeterAccount } from '../meter-answers.ts';
import { rateOf } from '../share.ts';
import type { useSay } from './speech.ts';
import type { Terms } from './terms.ts';
import type { Trial } from './trial-table.tsx';

/** A version to reckon under, by the moment it begins; `DRAFT` for the one that is being written. */
export interface TrialOption {
  readonly name: string;
  readonly label: string;
  readonly terms: Terms;
}

export const DRAFT = 'draft';
export const NOTHING = '';

interface TrialSetting {
  readonly tariffId: string;
  readonly currency: string;
  /** Whose past it is reckoned with; undefined for one that is typed. */
  readonly account: MeterAccount | undefined;
  readonly options: readonly TrialOption[];
  readonly say: ReturnType<typeof useSay>['say'];
}

/** @throws WrongInput, Refusal, NoAnswer. */
export async function trialsOf(values: Values, setting: TrialSetting): Promise<readonly Trial[]> {
  const { tariffId, currency, account, options, say } = setting;
  const asked = askedOf(values, currency);
  const history = account?.history ?? historyOf(values, currency);
  if (asked === undefined || history === undefined) throw new WrongInput(say('amountWrong'));
  const freeUnits = account !== undefined || values['freeUnits'] === 'on';
  const chosen = [values['under'], values['besides']].flatMap(
    (name) => options.find((option) => option.name === name) ?? [],
  );
  return Promise.all(
    chosen.map(async ({ name, label, terms }) => {
      const under = name === DRAFT ? { terms } : { tariffId, validFrom: name };
      const body = { under, ...asked, freeUnits, history };
      const trial = await call<Omit<Trial, 'version' | 'vatRate'>>('POST', '/v1/tariff-trials', body);
      return { ...trial, version: label, vatRate: terms.vatRate };
    }),
  );
}

function askedOf({ known, amount = '' }: Values, currency: string) {
  if (known === 'units') {
    const amountDeciKwh = parseDeciKwh(amount);
    return amountDeciKwh === undefined ? undefined : { amountDeciKwh };
  }
  const paidMinor = parseMinor(amount, currency);
  return paidMinor === undefined ? undefined : { paidMinor };
}

const IS_ZERO = /^0*([.,]0*)?$/;

/** A past of few words: units of the month, and one debt that takes its share. */
function historyOf({ month = '', arrears = '', share = '' }: Values, currency: string): History | undefined {
  const monthUnitsDeciKwh = IS_ZERO.test(month) ? 0 : parseDeciKwh(month);
  const balanceMinor = IS_ZERO.test(arrears) ? 0 : parseMinor(arrears, currency);
  const rate = rateOf(share);
  if (monthUnitsDeciKwh === undefined || balanceMinor === undefined || rate === undefined) return undefined;
  const recovery = /^1/.test(rate) ? ({ kind: 'all' } as const) : ({ kind: 'percentage', rate } as const);
  const debt = { debtId: 'arrears', label: '–', balanceMinor, recovery };
  return { monthUnitsDeciKwh, carriedMinor: '0', debts: balanceMinor === 0 ? [] : [debt] };
}
