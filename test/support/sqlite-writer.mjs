/**
 * Writes rows in groups for as long as it lives, with the log copied beside every few of them, and says which are answered. From
 * the built modules, as a worker thread takes no TypeScript. Arguments: the database, where its rows begin, and after how many
 * groups it ends by itself, if it does.
 */
import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { makeDurable } from '../../dist/vending-server/sqlite-driver.js';
import { Checkpoints } from '../../dist/vending-server/store/sqlite/checkpoints.js';
import { GroupCommit } from '../../dist/vending-server/store/sqlite/group-commit.js';
import { LogFile } from '../../dist/vending-server/store/sqlite/log-file.js';
import { ReadTurn } from '../../dist/vending-server/store/sqlite/read-turn.js';

const [path, first, groups = Number.POSITIVE_INFINITY] = process.argv.slice(2);
const database = new Database(path);
makeDurable(database);
database.pragma('wal_autocheckpoint = 0');
const insert = database.prepare('INSERT INTO row (id, text) VALUES (?, ?)');
let copies = 0;
const checkpoints = new Checkpoints({
  path,
  hold: (work) => commits.hold(work),
  writesBetween: 60,
  onCopied: () => {
    copies += 1;
  },
});
const log = new LogFile(database);
const commits = new GroupCommit(database, new ReadTurn(database), log, ({ writes }) =>
  checkpoints.noteCommit(writes),
);
let id = Number(first);
for (let number = 0; number < groups; number += 1) {
  const group = Array.from({ length: 1 + (id % 23) }, () => {
    id += 1;
    const mine = id;
    return commits.add(() => insert.run(mine, 'x'.repeat(mine % 2000)).lastInsertRowid);
  });
  const answered = await Promise.all(group);
  // In one piece and at once: what is said here must not die in a buffer.
  writeSync(1, `${answered.join(' ')} ${copies}\n`);
}
// As a store closes; nothing else keeps this process alive meanwhile.
await commits.settle();
database.close();
await checkpoints.close();
await log.close();
