/** What the frame of the control room says, in English; the other languages have the same keys. `{name}` is filled in. */
export const ENGLISH = {
  title: 'Control room',
  menu: 'Sections',
  skip: 'Go to the content',
  nothingHere: 'There is nothing in the control room for this user.',
  meters: 'Meters',
  keys: 'Keys and roll-over',
  tariffs: 'Tariffs',
  engineering: 'Tokens without money',
  ours: 'Was this token ours?',
  now: 'Now',
  vendors: 'Vendors',
  days: 'Day ends',
  alarms: 'Alarms',
  faultReports: 'Fault reports',
  approvals: 'Approvals',
  audit: 'Audit trail',
  proof: 'Proof',
  people: 'People',
} as const;

export type TextKey = keyof typeof ENGLISH;
export type Texts = Readonly<Record<TextKey, string>>;
