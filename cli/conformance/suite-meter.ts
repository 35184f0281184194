/**
 * Cases for meters: the ordered vectors, each at a meter of its own. Where a public source leaves a rule open, the vector says
 * what it assumes, and a failure repeats that, so that its reader can tell a mistake from another choice.
 */
import { type Case, type Check, decimal, member, type Step } from './expectations.ts';
import { type MeterTest, readVectorFile, type VectorFileName } from './vector-files.ts';

const METER_FILES = [
  'meter-acceptance',
  'meter-memory',
  'meter-key-change',
  'meter-lockout',
] as const satisfies readonly VectorFileName[];

export function meterCases(): Case[] {
  return METER_FILES.flatMap((file) => {
    const { notes, testGroups } = readVectorFile<MeterTest>(file);
    const because = (flag: string) => notes[flag]?.description ?? flag;
    return testGroups.flatMap(({ clause, source, tests }) =>
      tests.map(
        (test): Case => ({
          id: `${file}/${test.tcId}`,
          file,
          title: test.comment,
          clause,
          trust: source.trust,
          steps: [newMeter(test), ...test.steps.map((_, index) => entry(test, index, clause, because))],
        }),
      ),
    );
  });
}

function newMeter({ meter }: MeterTest): Step {
  return {
    op: 'meterNew',
    fields: () => ({ ...meter }),
    expect: [
      {
        clause: 'protocol',
        what: 'meter is a handle',
        expected: true,
        read: ({ meter: handle }) => typeof handle === 'string',
      },
    ],
  };
}

/** One token, with the code, every register and the state that must follow. */
function entry(
  { steps }: MeterTest,
  index: number,
  groupClause: string,
  because: (flag: string) => string,
): Step {
  const step = steps[index];
  if (step === undefined) throw new RangeError(`"index" expected below ${steps.length}, got ${index}`);
  const clause = step.clause ?? groupClause;
  const where = `of step ${index + 1}${step.comment === undefined ? '' : ` (${step.comment})`}`;
  const own = step.assumes ?? [];
  // What an earlier step assumed, this one builds upon.
  const earlier = new Set(steps.slice(0, index).flatMap(({ assumes }) => assumes ?? []));
  const others = [...earlier].filter((flag) => !own.includes(flag));
  const assuming = [
    ...own.map((flag) => `assumes ${because(flag)}`),
    ...(others.length === 0 ? [] : [`earlier steps assume ${others.join(', ')}`]),
  ];
  const told = [where, ...assuming].join('; ');
  const checks: Check[] = [
    member(clause, 'result', step.result),
    ...Object.entries(step.credit).map(([name, value]) => ({
      ...decimal(clause, `credit.${name}`, value),
      // A register that a meter lacks holds nothing.
      mayBeAbsent: value === '0',
    })),
    ...Object.entries(step.state).map(([name, value]) => stateMember(clause, name, value)),
  ];
  return {
    op: 'meterEnter',
    fields: ([made]) => ({ meter: made?.['meter'], tokenNo: step.tokenNo, at: step.at }),
    expect: checks.map((check) => ({ ...check, what: `${check.what} ${told}` })),
  };
}

/** What a meter cannot show of itself it may leave out; lists are compared as text. */
function stateMember(clause: string, name: string, expected: unknown): Check {
  const { read, ...check } = member(clause, `state.${name}`, expected);
  if (!Array.isArray(expected)) return { ...check, read, mayBeAbsent: true };
  return {
    ...check,
    expected: JSON.stringify(expected),
    read: (answer) => {
      const found = read(answer);
      return found === undefined ? undefined : JSON.stringify(name === 'tidMemory' ? heldOf(found) : found);
    },
    mayBeAbsent: true,
  };
}

/** The order of slots is a meter's own, and empty ones say nothing. */
function heldOf(memory: unknown): unknown {
  if (!Array.isArray(memory)) return memory;
  return memory.filter((tid) => tid !== 0).sort((a, b) => Number(a) - Number(b));
}
