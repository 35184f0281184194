/** Runs cases against a program and judges its answers. */
import { type Case, type Check, type ExpectedRefusal, holds, isRefusal } from './expectations.ts';
import { type Reply, TROUBLES, type TroubleKind } from './program-driver.ts';
import type { Answer } from './protocol.ts';

/** Failures of the pipe itself count under this name. */
export const PROTOCOL_CLAUSE = 'protocol';

export type Verdict = 'passed' | 'failed' | 'unsupported' | 'notJudged';

export interface CheckResult {
  readonly clause: string;
  readonly verdict: Verdict;
}

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly trust: string;
  /** Of the first wrong value when there is one, else of the case. */
  readonly clause: string;
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
  /** What was wrong, or why nothing was judged. */
  readonly reason?: string;
  readonly trouble?: TroubleKind;
  readonly millis: number;
}

/** Refusals by which a program says that it does not have an operation or an algorithm. */
const UNSUPPORTED = ['operation_unsupported', 'algorithm_not_supported'];

/** How many cases of one question each are under way at once. */
const PIPELINE = 16;

/** Whoever takes the questions: a program behind a pipe, or the library itself. */
export interface Asked {
  ask(op: string, fields: Record<string, unknown>): Promise<Reply>;
}

export interface RunOptions {
  readonly driver: Asked;
  readonly cases: readonly Case[];
  readonly nowMillis: () => number;
  readonly pipeline?: number;
  readonly onProgress?: (done: number) => void;
}

/** @returns one result per case, in their order. */
export async function runCases(options: RunOptions): Promise<CaseResult[]> {
  const { cases, onProgress } = options;
  const results = new Array<CaseResult>(cases.length);
  let done = 0;
  const runAt = async (index: number): Promise<void> => {
    const one = cases[index];
    if (one === undefined) return;
    results[index] = await runCase(one, options);
    done += 1;
    onProgress?.(done);
  };
  // What hangs on an earlier answer runs alone: a program that is started again in between has forgotten it.
  const indices = [...cases.keys()];
  const single = indices.filter((index) => cases[index]?.steps.length === 1);
  const dependent = indices.filter((index) => cases[index]?.steps.length !== 1);
  const next = single.values();
  const lane = async () => {
    for (const index of next) await runAt(index);
  };
  await Promise.all(Array.from({ length: options.pipeline ?? PIPELINE }, lane));
  for (const index of dependent) await runAt(index);
  return results;
}

async function runCase(one: Case, { driver, nowMillis }: RunOptions): Promise<CaseResult> {
  const startedAt = nowMillis();
  const earlier: Answer[] = [];
  const checks: CheckResult[] = [];
  let stopped: Judgement | undefined;
  for (const step of one.steps) {
    if (stopped !== undefined) {
      checks.push(...unjudged(step.expect));
      continue;
    }
    const reply = await driver.ask(step.op, step.fields(earlier));
    const judgement = judge(reply, step.expect, one.clause);
    checks.push(...judgement.checks);
    if (judgement.verdict !== 'passed') stopped = judgement;
    if (reply.kind === 'answer') earlier.push(reply.answer);
  }
  const { id, title, file, trust } = one;
  return {
    id,
    title,
    file,
    trust,
    clause: stopped?.clause ?? one.clause,
    verdict: stopped?.verdict ?? 'passed',
    checks,
    ...(stopped?.reason === undefined ? {} : { reason: stopped.reason }),
    ...(stopped?.trouble === undefined ? {} : { trouble: stopped.trouble }),
    millis: nowMillis() - startedAt,
  };
}

interface Judgement {
  readonly verdict: Verdict;
  readonly clause: string;
  readonly checks: readonly CheckResult[];
  readonly reason?: string;
  readonly trouble?: TroubleKind;
}

function judge(reply: Reply, expect: readonly Check[] | ExpectedRefusal, clause: string): Judgement {
  if (reply.kind === 'trouble') {
    const { trouble, detail } = reply;
    const reason = `${trouble}: ${TROUBLES[trouble]} (${detail})`;
    const rest = unjudged(expect);
    if (trouble === 'gaveUp')
      return { verdict: 'notJudged', clause: PROTOCOL_CLAUSE, checks: rest, reason, trouble };
    const failed = { clause: PROTOCOL_CLAUSE, verdict: 'failed' } as const;
    return { ...failed, checks: [failed, ...rest], reason, trouble };
  }
  const { answer } = reply;
  return isRefusal(expect) ? judgeRefusal(answer, expect) : judgeAnswer(answer, expect, clause);
}

function judgeRefusal(answer: Answer, expect: ExpectedRefusal): Judgement {
  const { clause, codes, results, mayAnswer } = expect;
  const only = (verdict: Verdict, reason?: string): Judgement => ({
    verdict,
    clause,
    checks: [{ clause, verdict }],
    ...(reason === undefined ? {} : { reason }),
  });
  const { error } = answer;
  if (error !== undefined && codes.includes(error.code)) return only('passed');
  if (error === undefined && results?.includes(String(answer['result']))) return only('passed');
  if (error !== undefined && UNSUPPORTED.includes(error.code)) return only('unsupported', error.code);
  const wanted = [...codes, ...(results ?? [])].join(' or ');
  if (error !== undefined) return only('failed', `refused as ${show(error.code)}, expected ${wanted}`);
  if (mayAnswer === true) return only('notJudged', 'answered, and no public vector can judge it');
  return only('failed', `expected a refusal (${wanted}), got ${show(answer['result'] ?? 'an answer')}`);
}

function judgeAnswer(answer: Answer, expect: readonly Check[], clause: string): Judgement {
  const { error } = answer;
  if (error !== undefined) {
    const isUnsupported = UNSUPPORTED.includes(error.code);
    const verdict = isUnsupported ? 'unsupported' : 'failed';
    const of = isUnsupported ? clause : (expect[0]?.clause ?? clause);
    const all = unjudged(expect);
    const checks: CheckResult[] = isUnsupported
      ? all.map((check) => ({ ...check, verdict: 'unsupported' }))
      : [{ clause: of, verdict: 'failed' }, ...all.slice(1)];
    const reason = isUnsupported ? error.code : `refused as ${show(error.code)}: ${show(error.message)}`;
    return { verdict, clause: of, checks, reason };
  }
  const isLeftOut = (check: Check) => check.mayBeAbsent === true && check.read(answer) === undefined;
  const right = (check: Check): CheckResult => ({
    clause: check.clause,
    verdict: isLeftOut(check) ? 'notJudged' : 'passed',
  });
  const wrong = expect.findIndex((check) => !isLeftOut(check) && !holds(check, answer));
  const first = expect[wrong];
  if (first === undefined) return { verdict: 'passed', clause, checks: expect.map(right) };
  const checks = expect.map((check, index): CheckResult => {
    if (index < wrong) return right(check);
    return { clause: check.clause, verdict: index === wrong ? 'failed' : 'notJudged' };
  });
  const reason = `${first.what}: expected ${show(first.expected)}, got ${show(first.read(answer))}`;
  return { verdict: 'failed', clause: first.clause, checks, reason };
}

function unjudged(expect: readonly Check[] | ExpectedRefusal): CheckResult[] {
  const checks: readonly { clause: string }[] = isRefusal(expect) ? [expect] : expect;
  return checks.map(({ clause }) => ({ clause, verdict: 'notJudged' }));
}

/** A value of somebody else's program: short and printable. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120);
}
