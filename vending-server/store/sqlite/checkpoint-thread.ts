/** The thread of checkpoints.ts: copies the log of a database, as often as it is told to, with a connection of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadSqliteDriver, makeDurable } from '../../sqlite-driver.ts';

const Driver = await loadSqliteDriver();
const database = new Driver(String(workerData), { fileMustExist: true });
// The copy is flushed before the log may begin anew, which SQLite leaves out below this setting.
makeDurable(database);

parentPort?.on('message', (message: 'copy' | 'close') => {
  if (message === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  // The second time what was committed during the first, so that little is left for the connection that sells.
  for (let times = 0; times < 2; times += 1) database.pragma('wal_checkpoint(PASSIVE)');
  parentPort?.postMessage('copied');
});
