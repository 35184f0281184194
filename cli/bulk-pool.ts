/** Worker threads that answer chunks of lines: as many as are asked for, started when there is work for them. */
import { Worker } from 'node:worker_threads';
import { StsFault } from '../lib/faults.ts';
import type { BulkJob } from './token-lines.ts';

/** What a worker is sent. */
export interface Stretch {
  readonly bytes: Uint8Array;
  readonly firstLine: number;
}

/** What it answers. */
export interface AnsweredStretch {
  readonly bytes: Uint8Array;
  readonly answered: number;
  readonly refused: number;
}

/** A stretch on which so many workers have died is not given to another one. */
const ATTEMPTS = 2;

interface Task {
  readonly stretch: Stretch;
  readonly resolve: (answer: AnsweredStretch) => void;
  readonly reject: (fault: StsFault) => void;
  deaths: number;
}

/** One at work and one to go on with: a worker that waited for this thread to hear of its answer would stand still. */
const TASKS_OF_A_WORKER = 2;

interface Seat {
  readonly worker: Worker;
  /** Answered in this order; the worker is on the first. */
  readonly tasks: Task[];
}

export class WorkerPool {
  private readonly seats = new Set<Seat>();
  private readonly waiting: Task[] = [];
  /** Memory of answers that have been written, for the next ones: fresh pages would cost a tenth of the work. */
  private readonly spares: ArrayBuffer[] = [];
  private readonly size: number;
  private readonly job: BulkJob;
  private readonly script: URL;
  private isClosed = false;

  constructor(job: BulkJob, size: number, script: URL = workerScript()) {
    this.job = job;
    this.size = size;
    this.script = script;
  }

  /** Stretches are begun in the order in which they come; their answers may overtake each other. */
  run(stretch: Stretch): Promise<AnsweredStretch> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ stretch, resolve, reject, deaths: 0 });
      this.assign();
    });
  }

  /** Takes back the memory of an answer that nobody reads any more. */
  reuse(bytes: Uint8Array): void {
    if (bytes.buffer instanceof ArrayBuffer && this.spares.length < TASKS_OF_A_WORKER * this.size)
      this.spares.push(bytes.buffer);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.seats].map(({ worker }) => worker.terminate()));
  }

  private assign(): void {
    while (this.waiting.length > 0 && !this.isClosed) {
      const seat = this.seatWith(0) ?? this.hire() ?? this.seatWith(TASKS_OF_A_WORKER - 1);
      const task = seat === undefined ? undefined : this.waiting.shift();
      if (seat === undefined || task === undefined) return;
      seat.tasks.push(task);
      // A copy: should the worker die, the next one is given the same lines.
      const spare = this.spares.pop();
      seat.worker.postMessage({ ...task.stretch, spare }, spare === undefined ? [] : [spare]);
    }
  }

  private seatWith(atMost: number): Seat | undefined {
    return [...this.seats].find(({ tasks }) => tasks.length <= atMost);
  }

  private hire(): Seat | undefined {
    if (this.seats.size >= this.size) return undefined;
    const seat: Seat = { worker: new Worker(this.script, { workerData: this.job }), tasks: [] };
    this.seats.add(seat);
    seat.worker.on('message', (answer: AnsweredStretch) => {
      seat.tasks.shift()?.resolve(answer);
      this.assign();
    });
    // An error ends the thread, and the end is what counts; its message might quote a line.
    seat.worker.on('error', () => undefined);
    seat.worker.on('exit', () => this.bury(seat));
    return seat;
  }

  private bury(seat: Seat): void {
    this.seats.delete(seat);
    const [task, ...untouched] = seat.tasks;
    if (task !== undefined && !this.isClosed) {
      task.deaths += 1;
      this.waiting.unshift(...untouched);
      if (task.deaths < ATTEMPTS) this.waiting.unshift(task);
      else task.reject(diedTwice(task.stretch));
    }
    this.assign();
  }
}

function diedTwice({ firstLine }: Stretch): StsFault {
  return new StsFault('internal_error', `${ATTEMPTS} workers ended on the lines from line ${firstLine} on`);
}

/** Beside this file as it is built: a worker thread takes no TypeScript. */
function workerScript(): URL {
  return new URL('./bulk-worker.js', import.meta.url);
}
