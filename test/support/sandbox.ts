/** The sandbox as `npm start` opens it, and where its pages stand. */
import { join } from 'node:path';
import { type Running, startCli } from './processes.ts';

export interface Announcement {
  counter: string;
  control: string;
  customer: string;
  face: string;
  server: string;
  meter: string;
  drn: string;
  seller: { userId: string; password: string };
  operator: { userId: string; password: string };
}

/** Starts it on the folder, or goes on with it; port 0 takes any. */
export function startSandbox(
  folder: string,
  [server, meter]: readonly [string, string] = ['0', '0'],
): Promise<Running> {
  const data = join(folder, 'data');
  return startCli(['sandbox', '--data', data, '--server-port', server, '--meter-port', meter]);
}

export function toldBy({ ready }: Running): Announcement {
  return ready as unknown as Announcement;
}

/** Every page by its name, at its address without what pages tell each other. */
export function pagesOf(running: Running): ReadonlyMap<string, string> {
  const { counter, customer, control, face } = toldBy(running);
  const pages = { counter, customer, 'control room': control, meter: face };
  return new Map(Object.entries(pages).map(([name, url]) => [name, url.replace(/#.*/, '')]));
}
