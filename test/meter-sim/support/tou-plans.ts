/** Random tariff calendars for tests, and the plainest possible reading of one: a second at a time, by the runtime's calendar. */
import type {
  DaySwitch,
  DayTable,
  TouCalendar,
  TouPlan,
} from '../../../meter-sim/firmware/metering/tou-calendar.ts';
import type { RandomStream } from '../../../meter-sim/world/random.ts';

export function randomCalendar(random: RandomStream): TouCalendar {
  const dayTables = Array.from({ length: random.integer(1, 5) }, () => randomDayTable(random));
  const table = (): number => random.integer(0, dayTables.length - 1);
  const weeks = Array.from({ length: random.integer(1, 3) }, () => Array.from({ length: 7 }, table));
  const starts = new Set(Array.from({ length: random.integer(1, 4) }, () => random.integer(1, 12)));
  const seasons = [...starts]
    .sort((left, right) => left - right)
    .map((month) => ({ month, day: random.integer(1, 28), week: random.integer(0, weeks.length - 1) }));
  const specialDays = Array.from({ length: random.integer(0, 12) }, () => ({
    ...(random.integer(0, 1) === 0 ? { year: 2026 + random.integer(0, 2) } : {}),
    month: random.integer(1, 12),
    day: random.integer(1, 28),
    table: table(),
  }));
  return { dayTables, weeks, seasons, specialDays };
}

function randomDayTable(random: RandomStream): DayTable {
  const seconds = new Set([0, ...Array.from({ length: random.integer(0, 6) }, () => randomSecond(random))]);
  return [...seconds]
    .sort((left, right) => left - right)
    .map((fromSecond): DaySwitch => ({ fromSecond, band: random.integer(0, 7) }));
}

/** Mostly on a half hour, as utilities set them; sometimes on any second, the last of the day among them. */
function randomSecond(random: RandomStream): number {
  if (random.integer(0, 2) > 0) return 1_800 * random.integer(0, 47);
  return random.integer(0, 9) === 0 ? 86_399 : random.integer(0, 86_399);
}

export function randomPlan(random: RandomStream, activationBetween: readonly [number, number]): TouPlan {
  return {
    offsetMinutes: 15 * random.integer(-48, 56),
    defaultBand: random.integer(0, 7),
    active: randomCalendar(random),
    passive: { calendar: randomCalendar(random), fromEpochSeconds: random.integer(...activationBetween) },
  };
}

/** What band a second of UTC belongs to, read off the plan with the runtime's own dates and not one shortcut. */
export function plainBandAt(plan: TouPlan, epochSeconds: number): number {
  const isPassive = plan.passive !== undefined && epochSeconds >= plan.passive.fromEpochSeconds;
  const calendar = isPassive ? plan.passive.calendar : plan.active;
  const local = new Date((epochSeconds + plan.offsetMinutes * 60) * 1000);
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth() + 1, local.getUTCDate()];
  const special = calendar.specialDays.find(
    (each) => (each.year ?? year) === year && each.month === month && each.day === day,
  );
  const begun = calendar.seasons.filter(
    (each) => Date.UTC(year, each.month - 1, each.day) <= Date.UTC(year, month - 1, day),
  );
  const season = begun.at(-1) ?? calendar.seasons.at(-1)!;
  const mondayFirst = (local.getUTCDay() + 6) % 7;
  const table = special?.table ?? calendar.weeks[season.week]![mondayFirst]!;
  const second = local.getUTCHours() * 3600 + local.getUTCMinutes() * 60 + local.getUTCSeconds();
  return calendar.dayTables[table]!.filter(({ fromSecond }) => fromSecond <= second).at(-1)!.band;
}
