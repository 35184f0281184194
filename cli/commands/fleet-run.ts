/** `wattoken fleet run`: many meters with their households, grids and lossy links, as fast as the machine allows. */
import { EXIT } from '../../lib/faults.ts';
import { type FleetSummary, runFleet } from '../../meter-sim/fleet.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { StatusLine } from '../progress.ts';

export interface FleetRunOptions extends OutputOptions {
  readonly meters: number;
  readonly days: number;
  readonly seed: number;
  readonly workers: number;
  readonly link: 'nb-iot' | 'lorawan' | 'mqtt' | 'plc';
  readonly faults: number;
  readonly turn: number | undefined;
}

const STARTS_EPOCH_SECONDS = Date.UTC(2026, 10, 2) / 1000;
const TERMINAL_MILLIS = 500;
const LOGGED_MILLIS = 10_000;
const MILLI_WH_PER_KWH = 1e6;

export async function runFleetCommand(options: FleetRunOptions): Promise<void> {
  const live = liveSummary(options.meters, options.days);
  const startedAt = performance.now();
  const summary = await runFleet({
    meters: options.meters,
    workers: options.workers,
    seed: options.seed,
    days: options.days,
    link: options.link,
    faultsPerDay: options.faults,
    startsEpochSeconds: STARTS_EPOCH_SECONDS,
    turnDays: options.turn,
    onMember: live.count,
    onTurn: live.turn,
  });
  live.end();
  const seconds = (performance.now() - startedAt) / 1000;
  printResult(options, summary, summaryText(summary, seconds));
  if (summary.creditedTwice > 0) process.exitCode = EXIT.internal;
}

/** A line on stderr, drawn again on a terminal, written now and then elsewhere; nothing in the first moments. */
function liveSummary(meters: number, days: number) {
  const startedAt = performance.now();
  const status = new StatusLine();
  const between = status.onTerminal ? TERMINAL_MILLIS : LOGGED_MILLIS;
  const sums = { done: 0, seconds: 0, accepted: 0, milliWh: 0, trips: 0, faults: 0 };
  let shownAt = startedAt;
  const count = (member: {
    readonly simulatedSeconds: number;
    readonly tokensAccepted: number;
    readonly totalMilliWh: number;
    readonly openings: number;
    readonly faults: number;
  }): void => {
    sums.done += 1;
    sums.seconds += member.simulatedSeconds;
    sums.accepted += member.tokensAccepted;
    sums.milliWh += member.totalMilliWh;
    sums.trips += member.openings;
    sums.faults += member.faults;
    const now = performance.now();
    if (now - shownAt < between) return;
    shownAt = now;
    const rate = sums.seconds / ((now - startedAt) / 1000);
    status.draw(
      `${sums.done} of ${meters} meters, ${sums.accepted} tokens accepted, ` +
        `${Math.round(sums.milliWh / MILLI_WH_PER_KWH)} kWh, ${sums.trips} trips, ${sums.faults} faults, ` +
        `${rate.toExponential(2)} meter-seconds/s`,
    );
  };
  const turn = (day: number, bytes: number): void => {
    const each = (bytes / meters / 1024).toFixed(1);
    status.draw(`day ${day} of ${days}: ${meters} meters at rest, ${each} KiB each`);
  };
  return { count, turn, end: () => status.end() };
}

function summaryText(summary: FleetSummary, seconds: number): string {
  const { commands, reports } = summary;
  const kwh = (milliWh: number): string => `${(milliWh / MILLI_WH_PER_KWH).toFixed(3)} kWh`;
  return [
    `${summary.meters} meters, ${summary.meterSeconds} meter-seconds in ${seconds.toFixed(1)} s: ` +
      `${(summary.meterSeconds / seconds).toExponential(2)} a second`,
    `  ${summary.purchases} purchases of ${kwh(summary.boughtMilliWh)}; ${summary.tokensAccepted} tokens accepted, ` +
      `${summary.repeatsRefused} repeats refused, ${summary.creditedTwice} credited twice`,
    `  ${kwh(summary.totalMilliWh)} used, ${summary.openings} trips, ${summary.faults} faults, ${summary.resets} resets`,
    `  tokens: ${commands.sent} messages for ${commands.offered}, ${commands.lost} lost, ` +
      `${commands.duplicates} duplicates, ${commands.confirmed} confirmed`,
    `  readings: ${reports.sent} messages for ${reports.offered}, ${reports.lost} lost, ` +
      `${reports.duplicates} duplicates, ${reports.confirmed} confirmed`,
    `  ${summary.eventsRun} events, ${summary.invariantChecks} checks of every invariant, digest ${summary.digest}`,
  ].join('\n');
}
