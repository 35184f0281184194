/**
 * How commands on the same machine reach a running server: a socket in its data folder, guarded by the file system alone.
 * One JSON line asks, one JSON line answers. It is no door for vendors and takes no money.
 */
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { z } from 'zod';
import { StsFault, toProblem } from '../../lib/faults.ts';
import { faultOfCode } from './problem-of.ts';

export type ControlQuestion =
  | { readonly ask: 'status' }
  | { readonly ask: 'backup'; readonly out: string; readonly withKeyStore: boolean };

const QUESTION = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('status') }),
  z.strictObject({ ask: z.literal('backup'), out: z.string().min(1), withKeyStore: z.boolean() }),
]);

const REPLY = z.union([
  z.strictObject({ answer: z.unknown() }),
  z.strictObject({ problem: z.looseObject({ code: z.string(), detail: z.string() }) }),
]);

const LINE_MAX = 64 * 1024;
/** Longest path that a socket address of Linux takes, with its ending zero. */
const PATH_MAX = 107;

export interface ControlSocket {
  close(): Promise<void>;
}

/**
 * Listens in the data folder, whose lock the caller holds: a socket file that stands there is a dead server's.
 * @returns undefined where the path is too long for a socket: the commands then say that they cannot reach the server.
 */
export async function openControlSocket(
  path: string,
  handle: (question: ControlQuestion) => Promise<object>,
): Promise<ControlSocket | undefined> {
  if (Buffer.byteLength(path) > PATH_MAX) return undefined;
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    void converse(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new StsFault('data_folder_unusable', 'control.sock', { cause: error })),
    );
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve()); // takes the file away
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function converse(
  socket: Socket,
  handle: (question: ControlQuestion) => Promise<object>,
): Promise<void> {
  try {
    const line = await readLine(socket);
    const parsed = QUESTION.safeParse(parse(line));
    if (!parsed.success) throw new StsFault('request_malformed');
    socket.end(`${JSON.stringify({ answer: await handle(parsed.data) })}\n`);
  } catch (error) {
    socket.end(`${JSON.stringify({ problem: toProblem(error, 'control') })}\n`);
  }
}

/**
 * Asks the server that runs on a data folder.
 * @returns undefined when none listens there.
 * @throws StsFault what the server refused with, `server_unreachable` when it ends in the middle.
 */
export async function askServer(path: string, question: ControlQuestion): Promise<unknown> {
  const socket = await reach(path);
  if (socket === undefined) return undefined;
  try {
    socket.write(`${JSON.stringify(question)}\n`);
    const reply = REPLY.safeParse(parse(await readLine(socket)));
    if (!reply.success) throw new StsFault('server_unreachable', 'the control socket closed');
    if ('problem' in reply.data) throw faultOfCode(reply.data.problem.code, reply.data.problem.detail);
    return reply.data.answer;
  } finally {
    socket.destroy();
  }
}

function reach(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket.on('error', () => undefined)));
  });
}

/** The first line, or all there was when the other side ends before it. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n') || text.length > LINE_MAX) resolve(text.slice(0, text.indexOf('\n')));
    });
    socket.once('end', () => resolve(text));
    socket.once('close', () => resolve(text));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
