/** What vendors hear at the counter and the utility should look at: a meter without supply, a token that is not taken. */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { FaultReport } from '../store/customer-contract.ts';
import type { Vending } from './context.ts';

export interface FaultReportRequest
  extends Pick<FaultReport, 'vendorId' | 'requestId' | 'kind' | 'text' | 'reportedBy'> {
  readonly meter: string;
}

/** @throws StsFault of the meter's number, `meter_unknown`, `request_id_reused`. */
export async function reportFault(
  { store, clock }: Vending,
  { meter, ...report }: FaultReportRequest,
): Promise<{ readonly report: FaultReport; readonly created: boolean }> {
  const { meterPan } = parseMeterNumber(meter);
  const result = await store.faultReports.add({ ...report, meterPan, reportedAt: clock.now() });
  switch (result.kind) {
    case 'created':
    case 'same':
      return { report: result.report, created: result.kind === 'created' };
    case 'exists_with_different_request':
      throw new StsFault('request_id_reused', undefined, { param: 'requestId' });
    case 'meter_unknown':
      throw new StsFault('meter_unknown', undefined, { param: 'meter' });
  }
}

/** @throws StsFault `fault_report_unknown`. */
export async function changeFaultReport(
  { store, clock }: Vending,
  change: Pick<FaultReport, 'reportId' | 'state' | 'note'> & { readonly by: string },
): Promise<FaultReport> {
  const report = await store.faultReports.change({ ...change, at: clock.now() });
  if (report === undefined) throw new StsFault('fault_report_unknown', undefined, { param: 'reportId' });
  return report;
}
