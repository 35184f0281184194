/** What stands in the control room, in the order of its menu; each visitor sees what he may ask the server for. */
import type { FunctionComponent } from 'preact';
import type { Session } from '../session.ts';
import type { TextKey } from './text-english.ts';
import { Engineering } from './works/engineering/engineering.tsx';
import { Ours } from './works/engineering/ours.tsx';
import { Keys } from './works/keys/keys.tsx';
import { Meters } from './works/meters/meters.tsx';
import { Tariffs } from './works/tariffs/tariffs.tsx';

export interface SectionProps {
  readonly session: Session;
  /** A refusal that ends the session ends the page; @returns any other in words. @throws what is no refusal. */
  readonly wordsOf: (error: unknown) => string;
  /** What the address names within the section, behind `#/<section>/`; '' when it names nothing. */
  readonly place: string;
}

export interface Section {
  /** In the address, behind `#/`. */
  readonly id: string;
  readonly title: TextKey;
  /** Who has one of these sees it. */
  readonly permissions: readonly string[];
  readonly show: FunctionComponent<SectionProps>;
}

const SECTIONS: readonly Section[] = [
  // What only the utility's own people may ask for, so that no seller sees any of it.
  { id: 'meters', title: 'meters', permissions: ['customer.read'], show: Meters },
  { id: 'keys', title: 'keys', permissions: ['keyChange.read', 'keyStore.read'], show: Keys },
  { id: 'tariffs', title: 'tariffs', permissions: ['approval.read'], show: Tariffs },
  {
    id: 'engineering',
    title: 'engineering',
    permissions: ['meter.engineer', 'freeIssue.make', 'replacement.make'],
    show: Engineering,
  },
  { id: 'ours', title: 'ours', permissions: ['token.verify'], show: Ours },
];

export function sectionsFor({ permissions }: Session): readonly Section[] {
  return SECTIONS.filter((section) => section.permissions.some((name) => permissions.includes(name)));
}
