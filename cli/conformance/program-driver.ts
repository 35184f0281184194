/**
 * Somebody's program behind a pipe: started, asked, timed, killed and started again. Whatever it does, each question ends in
 * an answer or in a name for what happened instead.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { LineReader } from './lines.ts';
import { type Answer, answerSchema } from './protocol.ts';

/** What may happen in the place of an answer. */
export const TROUBLES = {
  hung: 'no answer within the time allowed',
  died: 'the program ended',
  rubbish: 'the line is not a JSON object of the protocol',
  wrongId: 'the answer has an id that was not asked for',
  outOfOrder: 'the answer to a later request came first',
  late: 'an answer to a request that was settled before',
  gaveUp: 'not asked: the program was started again too often',
} as const;

export type TroubleKind = keyof typeof TROUBLES;

export type Reply =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'trouble'; readonly trouble: TroubleKind; readonly detail: string };

export interface DriverOptions {
  /** A command line for the shell. */
  readonly command: string;
  readonly timeoutMillis: number;
  /** How often it may be started after the first time. */
  readonly restarts: number;
}

interface Pending {
  readonly id: string;
  readonly line: string;
  readonly resolve: (reply: Reply) => void;
}

/** How long a program may take to end after its input has ended. */
const FAREWELL_MILLIS = 2_000;
/** What a report shows of a line that is not an answer. */
const EXCERPT = 120;

export class ProgramDriver {
  /** How often each trouble happened, for the report. */
  readonly troubles = new Map<TroubleKind, number>();
  starts = 0;
  private readonly options: DriverOptions;
  private child: ChildProcess | undefined;
  private readonly pending: Pending[] = [];
  private readonly settled = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private timed: Pending | undefined;
  private asked = 0;
  private lastWords = '';

  constructor(options: DriverOptions) {
    this.options = options;
  }

  /** Questions may be asked before earlier ones are answered; a program takes them one after the other. */
  ask(op: string, fields: Record<string, unknown>): Promise<Reply> {
    this.asked += 1;
    const id = `q-${this.asked}`;
    const line = `${JSON.stringify({ id, op, ...fields })}\n`;
    return new Promise((resolve) => {
      this.pending.push({ id, line, resolve });
      if (this.child === undefined) this.startOrGiveUp();
      else this.child.stdin?.write(line);
      this.watchHead();
    });
  }

  /** Ends the program: its input is closed, and what does not end by itself is killed. */
  async stop(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    clearTimeout(this.timer);
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.stdin?.end();
    const timer = setTimeout(() => killGroup(child), FAREWELL_MILLIS);
    await gone;
    clearTimeout(timer);
  }

  /** Ends the program at once, for when we are told to end ourselves: a group of its own would outlive us. */
  kill(): void {
    const child = this.child;
    this.child = undefined;
    if (child !== undefined) killGroup(child);
  }

  private startOrGiveUp(): void {
    if (this.starts > this.options.restarts) {
      for (const { resolve, id } of this.pending.splice(0)) {
        this.settled.add(id);
        resolve(this.trouble('gaveUp', `${this.starts} starts`));
      }
      return;
    }
    this.starts += 1;
    this.lastWords = '';
    // A group of its own, so that a shell and what it started end together.
    const child = spawn(this.options.command, { shell: true, detached: true, stdio: 'pipe' });
    this.child = child;
    const reader = new LineReader();
    const isCurrent = () => this.child === child;
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      for (const line of reader.push(piece)) {
        if (isCurrent()) this.hear(line.kind === 'line' ? line.text : undefined);
      }
    });
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      this.lastWords = (this.lastWords + piece).slice(-400);
    });
    child.stdin?.on('error', () => undefined); // it ended while we wrote: 'close' tells
    child.on('error', () => undefined);
    child.once('close', (code, signal) => {
      if (isCurrent()) this.mourn(code, signal);
    });
    for (const { line } of this.pending) child.stdin?.write(line);
  }

  /** @param line - undefined when it was too long. */
  private hear(line: string | undefined): void {
    if (line !== undefined && line.trim() === '') return;
    const answer = line === undefined ? undefined : parseAnswer(line);
    const head = this.pending[0];
    if (answer === undefined) {
      const detail = line === undefined ? 'a line over 1 MB' : excerpt(line);
      if (head === undefined) this.note('rubbish');
      else this.settle(head, this.trouble('rubbish', detail));
      return;
    }
    const asked = this.pending.find(({ id }) => id === answer.id);
    if (asked !== undefined) {
      // What was passed over has lost its turn; should its answer come yet, it is late.
      for (const passed of this.pending.slice(0, this.pending.indexOf(asked)))
        this.settle(passed, this.trouble('outOfOrder', `${passed.id} passed over for ${asked.id}`));
      this.settle(asked, { kind: 'answer', answer });
    } else if (typeof answer.id === 'string' && this.settled.has(answer.id)) this.note('late');
    else if (head !== undefined)
      this.settle(head, this.trouble('wrongId', excerpt(JSON.stringify(answer.id ?? null))));
    else this.note('wrongId');
  }

  /** The program ended: the question it was at is answered by that; the others go to its successor. */
  private mourn(code: number | null, signal: string | null): void {
    this.child = undefined;
    const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
    const words = this.lastWords.trim() === '' ? '' : `; it said: ${excerpt(this.lastWords)}`;
    const head = this.pending[0];
    if (head === undefined) this.note('died');
    else this.settle(head, this.trouble('died', how + words));
    if (this.pending.length > 0 && this.child === undefined) this.startOrGiveUp();
  }

  private expire(head: Pending): void {
    const { child } = this;
    this.child = undefined;
    if (child !== undefined) killGroup(child);
    this.settle(head, this.trouble('hung', `${this.options.timeoutMillis} ms`));
    if (this.pending.length > 0 && this.child === undefined) this.startOrGiveUp();
  }

  private settle(pending: Pending, reply: Reply): void {
    this.pending.splice(this.pending.indexOf(pending), 1);
    this.settled.add(pending.id);
    pending.resolve(reply);
    this.watchHead();
  }

  /** The clock runs for the question that the program is at. */
  private watchHead(): void {
    const head = this.pending[0];
    if (head === this.timed) return;
    clearTimeout(this.timer);
    this.timed = head;
    if (head !== undefined) this.timer = setTimeout(() => this.expire(head), this.options.timeoutMillis);
  }

  private trouble(trouble: TroubleKind, detail: string): Reply {
    this.note(trouble);
    return { kind: 'trouble', trouble, detail };
  }

  private note(trouble: TroubleKind): void {
    this.troubles.set(trouble, (this.troubles.get(trouble) ?? 0) + 1);
  }
}

function parseAnswer(line: string): Answer | undefined {
  try {
    const parsed = answerSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Printable, on one line, and short. */
function excerpt(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return plain.length > EXCERPT ? `${plain.slice(0, EXCERPT)}…` : plain;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}
