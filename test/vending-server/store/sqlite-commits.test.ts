/**
 * When a commit counts: flushed beside the thread that sells, and copied out of the log by another. Real files; the disk alone
 * is slowed down or broken where a test says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { makeDurable } from '../../../vending-server/sqlite-driver.ts';
import { openSqliteStore } from '../../../vending-server/store/open.ts';
import {
  type CheckpointOptions,
  Checkpoints,
  type Copied,
} from '../../../vending-server/store/sqlite/checkpoints.ts';
import { GroupCommit } from '../../../vending-server/store/sqlite/group-commit.ts';
import { LogFile } from '../../../vending-server/store/sqlite/log-file.ts';
import { ReadTurn } from '../../../vending-server/store/sqlite/read-turn.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { claimed, claimOf, furnish, METERS, recordOf, TestChain } from './store-fixtures.ts';

interface Files {
  folder: string;
  path: string;
  database: Database.Database;
}

const test = suite<Files>('SQLite commits');

test.before.each((files) => {
  files.folder = mkdtempSync(join(tmpdir(), 'wattoken-commits-'));
  files.path = join(files.folder, 'books.sqlite');
  files.database = new Database(files.path);
  makeDurable(files.database);
  files.database.exec('CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
});
test.after.each(({ folder, database }) => {
  database.close();
  rmSync(folder, { recursive: true });
});

const THREAD = new URL('../../../dist/vending-server/store/sqlite/checkpoint-thread.js', import.meta.url);

const WRITER = fileURLToPath(new URL('../../support/sqlite-writer.mjs', import.meta.url));

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A disk whose flushes end when the test says so. */
class SlowDisk {
  readonly waiting: { end: () => void; fail: (error: Error) => void }[] = [];

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ end: resolve, fail: reject });
    });
  }
}

function committing({ database }: Files, disk: Pick<LogFile, 'flush'>) {
  const commits = new GroupCommit(database, new ReadTurn(database), disk);
  const insert = database.prepare('INSERT INTO row (text) VALUES (?)');
  const answered: string[] = [];
  const write = (text: string) =>
    commits
      .add(() => insert.run(text))
      .then(
        () => answered.push(text),
        (error: unknown) => answered.push(isStsFault(error) ? `${text}: ${error.code}` : String(error)),
      );
  const rows = () => database.prepare('SELECT count(*) FROM row').pluck().get();
  return { commits, write, answered, rows };
}

/** Commits whose log is copied by the built thread. */
function copying(database: Database.Database, options: Omit<CheckpointOptions, 'hold' | 'script'>) {
  const log = new LogFile(database);
  const commits: GroupCommit = new GroupCommit(database, new ReadTurn(database), log, ({ writes }) =>
    checkpoints.noteCommit(writes),
  );
  const hold = (work: () => Promise<void>) => commits.hold(work);
  const checkpoints = new Checkpoints({ ...options, hold, script: THREAD });
  const close = async () => {
    await commits.settle();
    await checkpoints.close();
    await log.close();
  };
  return { commits, close };
}

test('a large group is answered when the disk has it, and the next one is not committed before', async (files) => {
  const disk = new SlowDisk();
  const { commits, write, answered, rows } = committing(files, disk);
  const first = Promise.all(Array.from({ length: 8 }, (_, i) => write(`first ${i}`)));
  await turn();
  assert.equal([rows(), disk.waiting.length, answered], [8, 1, []]);
  assert.ok(commits.flushing !== undefined, 'what is read now is not on the disk');
  const second = Promise.all(Array.from({ length: 5 }, (_, i) => write(`second ${i}`)));
  for (let i = 0; i < 5; i += 1) await turn();
  assert.equal([rows(), answered], [8, []]);
  disk.waiting.shift()?.end();
  await first;
  assert.is(answered.length, 8);
  await turn();
  await turn();
  assert.equal([rows(), disk.waiting.length, answered.length], [13, 1, 8]);
  disk.waiting.shift()?.end();
  await second;
  await turn();
  assert.equal([answered.length, commits.flushing], [13, undefined]);
  assert.is(files.database.pragma('synchronous', { simple: true }), 2, 'small groups are flushed by SQLite');
  await write('alone');
  assert.equal([answered.at(-1), disk.waiting.length], ['alone', 0]);
});

test('a broken rule undoes its own piece of a large group', async (files) => {
  const disk = new SlowDisk();
  const { commits, write, answered, rows } = committing(files, disk);
  const broken = commits.add(() => {
    throw new RangeError('a rule');
  });
  const rest = Promise.all(Array.from({ length: 6 }, (_, i) => write(String(i))));
  const error = await broken.catch((reason: unknown) => reason);
  assert.instance(error, RangeError);
  disk.waiting.shift()?.end();
  await rest;
  assert.equal([rows(), answered.length], [6, 6]);
  assert.is(files.database.pragma('synchronous', { simple: true }), 2);
});

test('after a flush that failed nothing is promised any more', async (files) => {
  const disk = new SlowDisk();
  const { commits, write, answered } = committing(files, disk);
  const lost = Promise.all(Array.from({ length: 4 }, (_, i) => write(`lost ${i}`)));
  await turn();
  const late = write('late');
  disk.waiting.shift()?.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  await Promise.all([lost, late]);
  assert.equal(
    answered,
    [0, 1, 2, 3].map((i) => `lost ${i}: store_unavailable`).concat('late: store_unavailable'),
  );
  assert.throws(() => commits.assertDurable(), /could not be flushed \(EIO\); start the server again/);
  await commits.settle();
});

test('no look at a sale leaves before the sale is on the disk', async ({ folder }) => {
  const store = await openSqliteStore({ dataFolder: join(folder, 'server') });
  try {
    await furnish(store, 10_000_000);
    const chain = new TestChain();
    const order: string[] = [];
    let looks = 0;
    let seen = 0;
    const rounds = count(400, 40);
    for (let round = 0; round < rounds; round += 1) {
      order.length = 0;
      const sales = await Promise.all(
        METERS.slice(0, 8).map(async ({ meterPan }, i) => {
          const more = { meterPan, purchasesVersion: round, nowTidMinutes: 6_000_000 + round };
          const claim = await claimed(store, claimOf(`${round}-${i}`, more));
          return { claim, record: recordOf(claim, chain) };
        }),
      );
      const last = sales.at(-1) as (typeof sales)[number];
      let isOver = false;
      const recorded = Promise.all(
        sales.map(({ claim, record }) => store.recordVend(claim, record).then(() => order.push('recorded'))),
      ).finally(() => {
        isOver = true;
      });
      const found: Promise<unknown>[] = [];
      while (!isOver) {
        const { vendorId, requestId, meterPan } = last.claim.request;
        found.push(
          store.findSale(last.record.saleId).then((sale) => sale && order.push('found')),
          store
            .viewForSale({ vendorId, requestId, meterPan })
            .then(({ earlier }) => earlier && order.push('found')),
        );
        looks += 2;
        await turn();
      }
      await Promise.all([recorded, ...found]);
      seen += order.filter((event) => event === 'found').length;
      assert.equal(
        order.slice(0, sales.length),
        sales.map(() => 'recorded'),
        `round ${round}`,
      );
    }
    assert.ok(seen > 0, 'some looks came between commit and flush');
    report(
      `${rounds} groups of 8 sales, ${looks} looks, ${seen} of them saw a sale, 0 before it was answered`,
    );
  } finally {
    await store.close();
  }
});

test('whenever the power fails, what was answered is on the disk', async (files) => {
  const { folder, database } = files;
  const log = new LogFile(database);
  // The disk as it was flushed last: all that a power cut is sure to leave.
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const flushed = {
    flush: async () => {
      await log.flush();
      for (const file of ['books.sqlite', 'books.sqlite-wal']) cpSync(join(folder, file), join(disk, file));
    },
  };
  const { commits, write, answered } = committing(files, flushed);
  database.pragma('wal_autocheckpoint = 0');
  const cuts = count(400, 40);
  let held = 0;
  for (let cut = 0; cut < cuts; cut += 1) {
    const late = Promise.all(Array.from({ length: 4 + (cut % 29) }, (_, i) => write(`${cut} ${i}`)));
    // At some of the cuts the group is under way, at others answered.
    for (let i = 0; i < cut % 7; i += 1) await turn();
    if (cut % 3 === 0) await late;
    const promised = [...answered];
    if (promised.length > 0) {
      const after = join(folder, `after ${cut}`);
      cpSync(disk, after, { recursive: true });
      const books = new Database(join(after, 'books.sqlite'));
      const kept = new Set(books.prepare('SELECT text FROM row').pluck().all());
      books.close();
      rmSync(after, { recursive: true });
      assert.equal(
        promised.filter((text) => !kept.has(text)),
        [],
        `cut ${cut}`,
      );
      held += promised.length;
    }
    await late;
  }
  await commits.settle();
  await log.close();
  report(`${cuts} power cuts: ${held} answers looked for, 0 gone`);
});

test('the log is copied beside the writes and begins anew, however long they go on', async (files) => {
  const { database, path } = files;
  const copies: Copied[] = [];
  const { commits, close } = copying(database, {
    path,
    writesBetween: 200,
    onCopied: (copied) => copies.push(copied),
  });
  database.pragma('wal_autocheckpoint = 0');
  const insert = database.prepare('INSERT INTO row (text) VALUES (?)');
  const groups = count(8000, 800);
  let most = 0;
  for (let group = 0; group < groups; group += 1) {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => commits.add(() => insert.run(`${group} ${i} `.padEnd(900, 'x')))),
    );
    // The thread takes its time to start; what is written until then is not to be measured.
    while (group === 20 && copies.length === 0) await turn();
    most = Math.max(most, statSync(`${path}-wal`).size);
  }
  await close();
  assert.is(database.prepare('SELECT count(*) FROM row').pluck().get(), groups * 20);
  assert.is(database.pragma('integrity_check', { simple: true }), 'ok');
  const whole = copies.filter(({ logPages, copiedPages }) => logPages === copiedPages).length;
  assert.ok(whole >= groups / 80, `${whole} of ${copies.length} copies reached the end of the log`);
  const pages = copies.reduce((sum, { logPages }) => sum + logPages, 0);
  assert.ok(pages * 4096 > 2 * most, `a log of ${most} bytes for ${pages} pages`);
  report(
    `${groups * 20} rows: ${pages} pages copied in ${whole} logs to their ends, ${most >> 10} KiB at most`,
  );
});

/** Copies of the log that the writer counts at the end of each line. */
function copiesOf(said: string): number {
  return Number(said.split('\n').at(-2)?.split(' ').at(-1) ?? 0);
}

test('whenever the process is killed, what was answered is there, however far its log was copied', async (files) => {
  const { path, database } = files;
  database.close();
  const random = new RandomStream(seedOf('SQLite commits'), 'kills');
  const kills = count(500, 12);
  const promised: number[] = [];
  let copies = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const child = spawn(process.execPath, [WRITER, path, String(promised.at(-1) ?? 0)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await once(child.stdout, 'data');
    // However slow the machine is: some of them die after a log was copied.
    while (kill % 3 === 0 && copiesOf(said) === 0) await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 250)));
    child.kill('SIGKILL');
    await once(child, 'close');
    const lines = said.split('\n').slice(0, -1);
    for (const line of lines) promised.push(...line.split(' ').slice(0, -1).map(Number));
    copies += copiesOf(said);
    const books = new Database(path);
    try {
      const kept = new Set(books.prepare('SELECT id FROM row').pluck().all());
      assert.equal(
        promised.filter((id) => !kept.has(id)),
        [],
        `kill ${kill}`,
      );
      assert.is(books.pragma('integrity_check', { simple: true }), 'ok', `kill ${kill}`);
      // Rows that were committed and not answered count on from here.
      promised.push(...(books.prepare('SELECT max(id) FROM row').pluck().all() as number[]));
    } finally {
      books.close();
    }
  }
  assert.ok(copies > 0, 'logs were copied while it lived');
  report(
    `${kills} SIGKILLs among ${copies} copies of the log: ${promised.length} answers looked for, 0 gone`,
  );
});

test('a process that closes its books while their log is copied ends in order', async ({
  path,
  database,
}) => {
  database.close();
  const ends = count(200, 10);
  let rows = 0;
  for (let end = 0; end < ends; end += 1) {
    const child = spawn(process.execPath, [WRITER, path, String(rows), String(8 + (end % 9))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.resume();
    const [code] = await once(child, 'close');
    assert.is(code, 0, `end ${end}`);
    assert.not.ok(existsSync(`${path}-wal`), 'whoever closes last leaves no log');
    const books = new Database(path);
    rows = books.prepare('SELECT max(id) FROM row').pluck().get() as number;
    books.close();
  }
  report(`${ends} ends in order, ${rows} rows`);
});

test('a thread that cannot copy keeps nobody from writing', async (files) => {
  const { database, folder } = files;
  const path = join(folder, 'no such file.sqlite');
  const { commits, close } = copying(database, { path, writesBetween: 5 });
  const insert = database.prepare('INSERT INTO row (text) VALUES (?)');
  for (let group = 0; group < 100; group += 1) {
    await Promise.all(Array.from({ length: 10 }, () => commits.add(() => insert.run('x'))));
  }
  assert.is(database.prepare('SELECT count(*) FROM row').pluck().get(), 1000);
  for (let i = 0; i < 200 && commits.flushing === undefined; i += 1) await turn();
  await close();
});

test.run();
