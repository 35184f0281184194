/**
 * The door of scenarios: reads one from YAML or JSON and plays it. Refusals name the line and the field, and quote nothing, for
 * what stands there may be a key.
 */
import { LineCounter, parseDocument, type YAMLError } from 'yaml';
import type { z } from 'zod';
import { isStsFault, StsFault } from '../lib/faults.ts';
import type { FactorySettings } from './firmware/firmware.ts';
import { parseFactoryFile } from './panel/factory-file.ts';
import { microsOf } from './world/duration.ts';
import { ScenarioPlayer, type ScenarioReport } from './world/scenario-player.ts';
import { type Scenario, scenarioJsonSchema, scenarioSchema } from './world/scenario-schema.ts';
import { TraceRecorder, type TraceRequest } from './world/trace.ts';

export type { ScenarioReport };

export interface ReadScenario {
  readonly scenario: Scenario;
  readonly factory: FactorySettings;
}

/**
 * @param text - YAML or JSON.
 * @param defaultMeter - parsed factory settings for a scenario that names no meter.
 * @throws StsFault `scenario_malformed` with line and field, or a fault of the meter's own settings.
 */
export function readScenario(text: string, defaultMeter: unknown): ReadScenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw unreadable(error);
  const parsed = scenarioSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    const { path, message } = innermost(parsed.error.issues[0] as z.core.$ZodIssue);
    const node = nodeAt(document, path);
    const line = node === undefined ? 1 : lines.linePos(node).line;
    const field = path.map(String).join('.') || 'scenario';
    throw new StsFault('scenario_malformed', `line ${line}, "${field}": ${message}`, { param: field });
  }
  const scenario = parsed.data;
  try {
    return { scenario, factory: parseFactoryFile(scenario.meter ?? defaultMeter) };
  } catch (fault) {
    if (!isStsFault(fault) || scenario.meter === undefined) throw fault;
    const node = nodeAt(document, ['meter', fault.param ?? '']) ?? nodeAt(document, ['meter']);
    const line = node === undefined ? 1 : lines.linePos(node).line;
    throw new StsFault('scenario_malformed', `line ${line}, "meter.${fault.param ?? ''}": ${fault.code}`, {
      param: `meter.${fault.param ?? ''}`,
    });
  }
}

export interface PlayOptions {
  readonly mode?: 'next-event' | 'sampled' | undefined;
  readonly seed?: number | undefined;
  readonly traces?: readonly TraceRequest[];
  /** Called now and then with the share that is done, 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/** Simulated time between two calls of the progress, as a share of the scenario. */
const SLICES = 200;

/** Plays a scenario to its end; the event loop has its turn between slices. */
export async function playScenario(
  { scenario, factory }: ReadScenario,
  options: PlayOptions = {},
): Promise<ScenarioReport> {
  const { mode, seed, traces = [], onProgress = () => {} } = options;
  const player = new ScenarioPlayer(
    seed === undefined ? scenario : { ...scenario, seed },
    factory,
    mode ?? scenario.mode,
  );
  const recorders = traces.map((request) => new TraceRecorder(player.meter.world, request));
  const slice = Math.max(1, Math.ceil(scenario.lasts / SLICES));
  while (!player.isOver) {
    player.advance(slice);
    onProgress(player.played / scenario.lasts);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const recorder of recorders) recorder.end();
  return player.report();
}

/** Of a union, the issue of the member that came furthest; its path is that of the field at fault. */
function innermost(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return { path: [...issue.path], message: plain(issue) };
  const deepest = issue.errors
    .flatMap(([first]) => (first === undefined ? [] : [innermost(first)]))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (deepest === undefined || deepest.path.length === 0)
    return { path: [...issue.path], message: plain(issue) };
  return { path: [...issue.path, ...deepest.path], message: deepest.message };
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
  if (issue.code === 'invalid_union') return 'is of none of the kinds that may stand here';
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** Where in the text the deepest node of the path begins that there is. */
function nodeAt(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: readonly number[] | null }
      | undefined;
    const at = node?.range?.[0];
    if (at !== undefined) return at;
  }
  return undefined;
}

function unreadable({ linePos, code }: YAMLError): StsFault {
  return new StsFault('scenario_malformed', `line ${linePos?.[0].line ?? 1}: ${code}`, { param: 'scenario' });
}

/** @returns whole µs of a length of time such as `90s`. @throws RangeError when the text is none. */
export function parseDuration(text: string): number {
  return microsOf(text);
}

/** The JSON Schema of a scenario file, as text. */
export function scenarioSchemaText(): string {
  return JSON.stringify(scenarioJsonSchema(), null, 2);
}
