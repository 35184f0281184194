/** A wire between a browser and a server that a test cuts: what was asked arrives, what is answered does not. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CutLine {
  readonly url: string;
  /** From now on every answer is lost, its connection with it. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openCutLine(target: string): Promise<CutLine> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((caller) => {
    const called = connect(Number(port), hostname);
    const end = () => {
      caller.destroy();
      called.destroy();
    };
    for (const socket of [caller, called]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    caller.on('data', (bytes) => called.write(bytes));
    called.on('data', (bytes) => (isCut ? end() : caller.write(bytes)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      isCut = true;
    },
    mend: () => {
      isCut = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
