/** The thread of checkpoints.ts: copies the log of a database, as often as it is told to, with a connection of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadSqliteDriver, makeDurable } from '../../sqlite-driver.ts';
import type { Copied, FromThread, ToThread } from './checkpoints.ts';

const Driver = await loadSqliteDriver();
const database = new Driver(String(workerData), { fileMustExist: true });
// The copy is flushed before the log may begin anew, which SQLite leaves out below this setting.
makeDurable(database);

parentPort?.on('message', (message: ToThread) => {
  switch (message) {
    case 'copy':
      // The second time what was committed during the first, so that little is left.
      copy();
      copy();
      tell({ done: 'copy' });
      return;
    case 'copyRest':
      tell({ done: 'copyRest', copied: copy() });
      return;
    case 'close':
      database.close();
      parentPort?.close();
      return;
  }
});

function copy(): Copied {
  const [row] = database.pragma('wal_checkpoint(PASSIVE)') as [{ log: number; checkpointed: number }];
  return { logPages: row.log, copiedPages: row.checkpointed };
}

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}
