/** What a utility sets about itself, and whether a change makes it safer or less safe. */
import { StsFault } from '../../lib/faults.ts';
import type { SettingChange } from '../store/people-contract.ts';
import { APPROVAL_KINDS, APPROVAL_RULES, PERSONS_DEFAULT, personsSetting } from './approvals.ts';
import type { PeopleContext } from './context.ts';
import { countDeciders } from './users.ts';

/** IANA name; days of limits, shifts and day ends are those of the wall clock there. */
export const TIME_ZONE = 'timeZone';
export const TIME_ZONE_DEFAULT = 'UTC';

/** Whether a sale changes the key of a meter that is not on the current one (open question D5). */
export const KEY_CHANGE = 'keyChange';
/** What a sale does after a key change that nobody has confirmed: take it for keyed in, or give the same set once more. */
export const KEY_CHANGE_UNCONFIRMED = 'keyChange.unconfirmed';
/** What becomes of a sale whose token may have been seen, when the vendor wants it back: nothing, or a debt of the meter. */
export const REVERSAL = 'reversal';
/** `cashRounding.ZAR`: the smallest coin of a currency, minor units. */
export const CASH_ROUNDING = 'cashRounding';

/** Settings that one person changes, with the values that they may have. */
const PLAIN: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/^keyChange$/, /^(with-sale|on-request|never)$/],
  [/^keyChange\.unconfirmed$/, /^(assume|reissue)$/],
  [/^reversal$/, /^(refuse|meterDebt)$/],
  [/^cashRounding\.[A-Z]{3}$/, /^[1-9][0-9]{0,5}$/],
];

/** Settings themselves have none: whether one takes two persons is told by what it changes. */
const KINDS = APPROVAL_KINDS.filter((kind) => kind !== 'setting');
const PERSONS = [PERSONS_DEFAULT, ...KINDS.map(personsSetting)];
export const SETTING_NAMES: readonly string[] = [
  TIME_ZONE,
  KEY_CHANGE,
  KEY_CHANGE_UNCONFIRMED,
  REVERSAL,
  `${CASH_ROUNDING}.ZAR`,
  ...PERSONS,
];

export async function timeZoneOf({ store }: Pick<PeopleContext, 'store'>): Promise<string> {
  return (await store.people.findSetting(TIME_ZONE)) ?? TIME_ZONE_DEFAULT;
}

/**
 * Whether the change takes a second person: everything that asks fewer persons than now does, and the time zone once it
 * bounds the days of a closed book.
 * @throws StsFault `request_malformed` for a name or value that is none; `approvers_missing` for asking two where there are
 *   no two: nobody could ever approve anything again.
 */
export async function settingNeedsTwo(
  context: Pick<PeopleContext, 'store'>,
  { name, value }: Pick<SettingChange, 'name' | 'value'>,
  isTimeZone: (name: string) => boolean,
): Promise<boolean> {
  if (name === TIME_ZONE) {
    if (!isTimeZone(value)) throw wrong('value');
    return (await context.store.money.lastDayEnd()) !== undefined;
  }
  const plain = PLAIN.find(([pattern]) => pattern.test(name));
  if (plain !== undefined) {
    if (!plain[1].test(value)) throw wrong('value');
    return false;
  }
  if (!PERSONS.includes(name)) throw wrong('name');
  if (value !== '1' && value !== '2') throw wrong('value');
  if (value === '1') return !(await isOneAlready(context, name));
  await assertDeciders(context, name);
  return false;
}

async function isOneAlready({ store }: Pick<PeopleContext, 'store'>, name: string): Promise<boolean> {
  const held = await store.people.settings();
  // Without a default everything needs two; a kind without a value of its own follows the default.
  return (held[name] ?? held[PERSONS_DEFAULT]) === '1';
}

async function assertDeciders(context: Pick<PeopleContext, 'store'>, name: string): Promise<void> {
  const kinds = KINDS.filter((kind) => name === PERSONS_DEFAULT || name === personsSetting(kind));
  for (const kind of [...kinds, 'setting'] as const) {
    if ((await countDeciders(context, APPROVAL_RULES[kind].deciders)) < 2) {
      throw new StsFault('approvers_missing', kind, { param: 'value' });
    }
  }
}

function wrong(param: string): StsFault {
  return new StsFault('request_malformed', 'no such setting or value', { param });
}
