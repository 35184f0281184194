/**
 * The door of the simulated meter: one meter on one data folder, live against the wall clock, its front panel on a port.
 *
 * A stop saves within the supply's hold-up time like any power cut. A kill loses at most the energy since the last
 * checkpoint, to the customer's favour, and never a token or its credit: those are on the disk before they are answered.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StsFault } from '../lib/faults.ts';
import { parseMeterNumber } from '../lib/identity/meter-pan.ts';
import { createPanel } from './panel/app.ts';
import { ClockBattery } from './panel/clock-battery.ts';
import { Controls } from './panel/controls.ts';
import { DataFolder } from './panel/data-folder.ts';
import { LiveDriver } from './panel/driver.ts';
import { parseFactoryFile } from './panel/factory-file.ts';
import type { Speed } from './panel/host.ts';
import { inspectImage, LiveMeter, manufacture } from './panel/live-meter.ts';
import { LivePort } from './panel/live-port.ts';

export interface MeterOptions {
  /** Made if it does not exist; holds the memory image and a lock. */
  readonly dataFolder: string;
  /** Parsed JSON of the factory settings; used when the folder holds no meter yet, and checked against one it holds. */
  readonly factory: unknown;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  /** Simulated seconds in a second, or as fast as it can. */
  readonly speed: Speed;
  readonly loadWatts: number;
  /** Decides the unit's own delays and errors, and its chance. */
  readonly seed: number;
  /** One line for people; never a token number or a key. */
  readonly log?: (line: string) => void;
}

export interface RunningMeter {
  readonly url: string;
  readonly drn: string;
  /** Switches the mains off, saves, closes the port and gives the folder back; safe to call twice. */
  stop(): Promise<void>;
}

const MEMORY_BYTES = 32_768;

/**
 * @throws StsFault `request_malformed` and other faults of the factory settings, `store_in_use`, `memory_image_damaged`,
 *   `port_taken`.
 */
export async function startMeter(options: MeterOptions): Promise<RunningMeter> {
  const { host = '127.0.0.1', log = () => {} } = options;
  const factory = parseFactoryFile(options.factory);
  const folder = new DataFolder(options.dataFolder);
  try {
    const battery = new ClockBattery(folder);
    const rtcEpochSeconds = battery.epochSeconds();
    let memoryImage = folder.readImage(MEMORY_BYTES);
    if (memoryImage === undefined) {
      memoryImage = manufacture(factory, options.seed, rtcEpochSeconds);
      folder.createImage(memoryImage);
    }
    checkIdentity(memoryImage, factory.meterPan);
    const meter = new LiveMeter({
      factory,
      seed: options.seed,
      speed: options.speed,
      loadWatts: options.loadWatts,
      rtcEpochSeconds,
      memoryImage,
      committed: (address, bytes) => folder.writePage(address, bytes),
    });
    const driver = new LiveDriver(meter, options.speed, (error) => {
      meter.fail();
      log(`the meter stopped: ${error instanceof Error ? error.message : 'unknown failure'}`);
    });
    const controls = new Controls(meter, driver);
    const server = createServer(createPanel(meter, log, { meter, controls }));
    const live = new LivePort(meter, controls, log);
    live.attach(server);
    const url = await listen(server, options.port, host);
    driver.start();
    battery.keep(() => meter.status().simulatedEpochSeconds);
    let stopping: Promise<void> | undefined;
    return {
      url,
      drn: parseMeterNumber(factory.meterPan).drn,
      stop: () => {
        stopping ??= stopMeter({ driver, meter, live, server, folder, battery });
        return stopping;
      },
    };
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** An image in which nothing whole is left passes: the meter runs and shows its memory fault, as a real one would. */
function checkIdentity(image: Uint8Array, meterPan: string): void {
  const stored = inspectImage(image)?.meterPan;
  if (stored !== undefined && stored !== meterPan) {
    throw new StsFault('memory_image_damaged', 'it is the memory of another meter', { param: 'factory' });
  }
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(
        taken
          ? new StsFault('port_taken', `${host}:${port}; choose another with --port`, { param: '--port' })
          : error,
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

interface MeterParts {
  readonly driver: LiveDriver;
  readonly meter: LiveMeter;
  readonly live: LivePort;
  readonly server: Server;
  readonly folder: DataFolder;
  readonly battery: ClockBattery;
}

async function stopMeter({ driver, meter, live, server, folder, battery }: MeterParts): Promise<void> {
  driver.stop();
  live.close();
  battery.stop();
  try {
    meter.shutDown();
  } finally {
    // A last save that the disk did not take must not keep the port and the folder.
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1_000).unref();
    });
    folder.close();
  }
}
