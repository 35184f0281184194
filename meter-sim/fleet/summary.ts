/** A fleet's sums, which do not hang on the order in which its members were lived. */
import { createHash } from 'node:crypto';
import type { CourierCounts } from './courier.ts';
import type { MemberResult } from './fleet-meter.ts';

/** What members came to, together. */
export interface FleetSummary extends Omit<MemberResult, 'number' | 'simulatedSeconds' | 'traceHash'> {
  readonly meters: number;
  readonly meterSeconds: number;
  /** Of every member's trace, in order of number. */
  readonly digest: string;
}

export function summarize(members: readonly MemberResult[]): FleetSummary {
  const sum = (value: (member: MemberResult) => number): number =>
    members.reduce((total, member) => total + value(member), 0);
  const couriers = (which: 'commands' | 'reports'): CourierCounts => ({
    sent: sum((member) => member[which].sent),
    lost: sum((member) => member[which].lost),
    duplicates: sum((member) => member[which].duplicates),
    offered: sum((member) => member[which].offered),
    confirmed: sum((member) => member[which].confirmed),
  });
  const hash = createHash('sha256');
  for (const { number, traceHash } of [...members].sort((a, b) => a.number - b.number)) {
    hash.update(`${number} ${traceHash}\n`);
  }
  return {
    meters: members.length,
    meterSeconds: Math.round(sum(({ simulatedSeconds }) => simulatedSeconds)),
    purchases: sum(({ purchases }) => purchases),
    tokensAccepted: sum(({ tokensAccepted }) => tokensAccepted),
    repeatsRefused: sum(({ repeatsRefused }) => repeatsRefused),
    creditedTwice: sum(({ creditedTwice }) => creditedTwice),
    boughtMilliWh: sum(({ boughtMilliWh }) => boughtMilliWh),
    openMilliWh: sum(({ openMilliWh }) => openMilliWh),
    acceptedMilliWh: sum(({ acceptedMilliWh }) => acceptedMilliWh),
    totalMilliWh: sum(({ totalMilliWh }) => totalMilliWh),
    openings: sum(({ openings }) => openings),
    faults: sum(({ faults }) => faults),
    resets: sum(({ resets }) => resets),
    readings: sum(({ readings }) => readings),
    commands: couriers('commands'),
    reports: couriers('reports'),
    invariantChecks: sum(({ invariantChecks }) => invariantChecks),
    eventsRun: sum(({ eventsRun }) => eventsRun),
    digest: hash.digest('hex').slice(0, 32),
  };
}
