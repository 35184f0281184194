/**
 * What was sold to one meter, and what was reported of it, for whoever looks at that meter. On PostgreSQL the entries of the
 * chain are held by meter already, and a sale costs no further index there.
 */
import type { MigrationStep } from './step.ts';

const REPORTS = 'CREATE INDEX fault_report_of_meter ON fault_report (meter_pan, report_id);';

const SQLITE = `
CREATE INDEX sale_of_meter ON sale (meter_pan);
${REPORTS}
`;

export const METER_VIEWS: MigrationStep = { name: 'meter views', sqlite: SQLITE, postgres: REPORTS };
