/** What the section about keys and their roll-over says, in English. `{name}` is filled in. */
export const ENGLISH = {
  progress: 'How far the meters are on their current keys',
  progressAt: 'As of {time}.',
  doneShare: '{done} of {meters} done',
  noMeters: 'No meter has a key of this group.',
  noGroups: 'There is no vending key and no meter yet.',
  metersIn: '{count} meters: {state}',
  list: 'Meters of group {group}: {state}',
  close: 'Close the list',
  nextStep: 'Next',
  lastPurchase: 'Last purchase',
  lastChange: 'Last key change',
  keysOfMeters: 'Keys of the meters',
  metersColumn: 'Meters',
  wantedCount: '{count} meters are wanted under another supply group or tariff index.',
  refusals: 'Why keys cannot change',
  refusalCount: '{count}: {refusal}',
  vendingKeys: 'Vending keys',
  vendingKeysHint:
    'As the security module tells them: attributes, dates and check values. No key ever leaves it.',
  usable: 'issues now',
  notUsable: 'issues nothing now',
  warn_keyExpires: 'Its KEN ends on {at}: meters must be on a new key before.',
  warn_baseDateEnds: 'Its base date ends on {at}: meters must be rolled over before.',
  warn_issueUntil: 'It issues nothing after {at}.',
  campaign: 'Want another key for the whole group',
  campaignHint:
    'Every meter of the group is to have a key of this supply group and index from its next key ' +
    'change on: with its next sale, or when asked for.',
  fromTariffIndex: 'Only meters of this tariff index',
  start: 'Want it for all of them',
  started: '{changed} of {looked} meters changed, {refused} refused.',
  lookedAt: '{looked} meters looked at…',
  due: 'to do',
  underWay: 'under way',
  finished: 'done',
  stuck: 'cannot change',
} as const;

export type TextKey = keyof typeof ENGLISH;
export type Texts = Readonly<Record<TextKey, string>>;
