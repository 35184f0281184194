/** Whose meters they are, found by words; and what vendors report of meters. */
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { CustomerRecord, FaultReport } from '../store/customer-contract.ts';
import { findCustomer, putCustomer, removeCustomer, searchMeters } from '../vending/customers.ts';
import { changeFaultReport, reportFault } from '../vending/fault-reports.ts';
import {
  CustomerAnswer,
  CustomerBody,
  FaultReportAnswer,
  FaultReportBody,
  FaultReportStateBody,
  FaultReportsAnswer,
  FaultReportsQuery,
  MeterSearchAnswer,
  MeterSearchBody,
  ReportId,
} from './customer-schemas.ts';
import { Done } from './people-schemas.ts';
import {
  checkedParam,
  json,
  param,
  type Route,
  vendorOf,
  withBody,
  withoutBody,
  withQuery,
} from './route.ts';
import { iso } from './time.ts';
import { nextOf } from './user-routes.ts';

const NUMBER_FAULTS = ['meter_number_malformed', 'meter_number_check_digit'] as const;

const CUSTOMERS: readonly Route[] = [
  withBody({
    method: 'post', // what is searched for is somebody's name: it belongs in no URL
    path: '/v1/meters/search',
    summary: 'Meters by the beginnings of words of a name, an address, an account or another number',
    permission: 'customer.search',
    audit: 'read',
    body: MeterSearchBody,
    answers: [
      { status: 200, description: 'A page of meters, masked for those who sell', schema: MeterSearchAnswer },
    ],
    faults: [],
    handle: async ({ vending }, { caller, body }) =>
      json(200, await searchMeters(vending, { ...body, isMasked: caller.vendorId !== null })),
  }),
  withBody({
    method: 'put',
    path: '/v1/meters/{meter}/customer',
    summary: 'Register whose meter it is; what is left out is taken away',
    permission: 'customer.put',
    body: CustomerBody,
    answers: [
      { status: 201, description: 'Registered', schema: CustomerAnswer },
      { status: 200, description: 'Changed, or the same as before', schema: CustomerAnswer },
    ],
    faults: [...NUMBER_FAULTS, 'meter_unknown'],
    handle: async ({ vending }, call) => {
      const { name, account, locationReference, reference, phone, email, language, ...rest } = call.body;
      const { customer, created } = await putCustomer(vending, param(call, 'meter'), {
        ...rest,
        name: name ?? null,
        account: account ?? null,
        locationReference: locationReference ?? null,
        reference: reference ?? null,
        phone: phone ?? null,
        email: email ?? null,
        language: language ?? null,
      });
      return json(created ? 201 : 200, customerAnswer(customer));
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/meters/{meter}/customer',
    summary: 'Whose meter it is',
    permission: 'customer.read',
    audit: 'read',
    answers: [{ status: 200, description: 'The customer', schema: CustomerAnswer }],
    faults: [...NUMBER_FAULTS, 'customer_unknown'],
    handle: async ({ vending }, call) =>
      json(200, customerAnswer(await findCustomer(vending, param(call, 'meter')))),
  }),
  withoutBody({
    method: 'delete',
    path: '/v1/meters/{meter}/customer',
    summary: 'Erase whose meter it is, with the messages to him; what was sold to the meter stays',
    permission: 'customer.put',
    answers: [{ status: 200, description: 'Erased', schema: Done }],
    faults: [...NUMBER_FAULTS, 'customer_unknown'],
    handle: async ({ vending }, call) => {
      await removeCustomer(vending, param(call, 'meter'));
      return json(200, { status: 'done' });
    },
  }),
];

const FAULT_REPORTS: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/fault-reports',
    summary: 'Tell the utility that something is wrong with a meter, once per request id',
    permission: 'faultReport.make',
    body: FaultReportBody,
    about: ({ requestId, meter, kind }) => ({ requestId, meter, kind }),
    answers: [
      { status: 201, description: 'Reported', schema: FaultReportAnswer },
      { status: 200, description: 'Reported before', schema: FaultReportAnswer },
    ],
    faults: [...NUMBER_FAULTS, 'meter_unknown', 'request_id_reused'],
    handle: async ({ vending }, { caller, body }) => {
      const request = { ...body, vendorId: vendorOf(caller), reportedBy: caller.principal };
      const { report, created } = await reportFault(vending, request);
      return json(created ? 201 : 200, reportAnswer(report));
    },
  }),
  withQuery({
    path: '/v1/fault-reports',
    summary: 'What was reported, the newest first, of one meter where it is named; a vendor sees his own',
    permission: 'faultReport.read',
    audit: 'read',
    query: FaultReportsQuery,
    answers: [{ status: 200, description: 'A page of reports', schema: FaultReportsAnswer }],
    faults: NUMBER_FAULTS,
    handle: async ({ vending }, { caller, query: { meter, state = null, before = null, limit } }) => {
      const meterPan = meter === undefined ? null : parseMeterNumber(meter).meterPan;
      const filter = { vendorId: caller.vendorId, meterPan, state, before, limit };
      const reports = await vending.store.faultReports.list(filter);
      const next = nextOf(reports, limit, ({ reportId }) => reportId);
      return json(200, { reports: reports.map(reportAnswer), next });
    },
  }),
  withBody({
    method: 'put',
    path: '/v1/fault-reports/{reportId}/state',
    summary: 'What becomes of a report',
    permission: 'faultReport.change',
    body: FaultReportStateBody,
    about: ({ state }) => ({ state }),
    answers: [{ status: 200, description: 'The report as it stands now', schema: FaultReportAnswer }],
    faults: ['fault_report_unknown'],
    handle: async ({ vending }, call) => {
      const reportId = Number(checkedParam(call, 'reportId', ReportId));
      const by = call.caller.principal;
      return json(200, reportAnswer(await changeFaultReport(vending, { reportId, ...call.body, by })));
    },
  }),
];

export const CUSTOMER_ROUTES: readonly Route[] = [...CUSTOMERS, ...FAULT_REPORTS];

function customerAnswer({ updatedAt, ...customer }: CustomerRecord) {
  return { ...customer, updatedAt: iso(updatedAt) };
}

function reportAnswer({ reportedAt, changedAt, ...report }: FaultReport) {
  const changed = changedAt === null ? null : iso(changedAt);
  return { ...report, reportedAt: iso(reportedAt), changedAt: changed };
}
