/** What stands in the control room, in the order of its menu; each visitor sees what he may ask the server for. */
import type { FunctionComponent } from 'preact';
import type { Session } from '../session.ts';
import { Alarms } from './operation/alarms.tsx';
import { Approvals } from './operation/approvals.tsx';
import { Audit } from './operation/audit.tsx';
import { Days } from './operation/days.tsx';
import { FaultReports } from './operation/fault-reports.tsx';
import { Now } from './operation/now.tsx';
import { People } from './operation/people.tsx';
import { Proof } from './operation/proof.tsx';
import { Vendors } from './operation/vendors.tsx';
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
  // What only the utility's own people may ask for, but for a vendor's floats: no seller sees any of it.
  { id: 'now', title: 'now', permissions: ['report.read'], show: Now },
  { id: 'alarms', title: 'alarms', permissions: ['alarm.read'], show: Alarms },
  { id: 'approvals', title: 'approvals', permissions: ['approval.read'], show: Approvals },
  { id: 'vendors', title: 'vendors', permissions: ['statement.read'], show: Vendors },
  { id: 'days', title: 'days', permissions: ['dayEnd.read'], show: Days },
  { id: 'meters', title: 'meters', permissions: ['customer.read'], show: Meters },
  { id: 'reports', title: 'faultReports', permissions: ['faultReport.change'], show: FaultReports },
  { id: 'tariffs', title: 'tariffs', permissions: ['approval.read'], show: Tariffs },
  { id: 'keys', title: 'keys', permissions: ['keyChange.read', 'keyStore.read'], show: Keys },
  {
    id: 'engineering',
    title: 'engineering',
    permissions: ['meter.engineer', 'freeIssue.make', 'replacement.make'],
    show: Engineering,
  },
  { id: 'ours', title: 'ours', permissions: ['token.verify'], show: Ours },
  { id: 'proof', title: 'proof', permissions: ['ledger.prove'], show: Proof },
  { id: 'audit', title: 'audit', permissions: ['audit.read'], show: Audit },
  { id: 'people', title: 'people', permissions: ['user.read'], show: People },
];

export function sectionsFor({ permissions }: Session): readonly Section[] {
  return SECTIONS.filter((section) => section.permissions.some((name) => permissions.includes(name)));
}
