/**
 * People, sessions, scoped keys, approvals, the audit trail, every movement of a float in order, and what is reported and
 * limited with them.
 */
import { PEOPLE_POSTGRES } from './people-postgres.ts';
import { PEOPLE_SQLITE } from './people-sqlite.ts';
import type { MigrationStep } from './step.ts';

export const PEOPLE: MigrationStep = { name: 'people', sqlite: PEOPLE_SQLITE, postgres: PEOPLE_POSTGRES };
