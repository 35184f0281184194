/** What stands in the control room, in the order of its menu; each visitor sees what he may ask the server for. */
import type { FunctionComponent } from 'preact';
import type { Session } from '../session.ts';
import type { TextKey } from './text-english.ts';

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

const SECTIONS: readonly Section[] = [];

export function sectionsFor({ permissions }: Session): readonly Section[] {
  return SECTIONS.filter((section) => section.permissions.some((name) => permissions.includes(name)));
}
