/**
 * A meter's data folder: the image of its EEPROM, written through page by page as the part commits them, what its clock's battery
 * keeps going, and the lock that keeps two processes from being the same meter.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isStsFault, StsFault } from '../../lib/faults.ts';

const IMAGE_NAME = 'eeprom.bin';
const CLOCK_NAME = 'clock.json';
const LOCK_NAME = 'meter.lock';

const clockFile = z.strictObject({ aheadSeconds: z.int() });

/** Folders that this process holds: its own pid in a lock file proves nothing after a restart in a container. */
const held = new Set<string>();

export class DataFolder {
  readonly #folder: string;
  readonly #lockPath: string;
  #image: number | undefined;

  /**
   * Creates the folder if need be and takes its lock; the lock of a dead process is taken over.
   * @throws StsFault `store_in_use`, `data_folder_unusable`.
   */
  constructor(folder: string) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // One folder under two names is one folder.
      this.#folder = realpathSync(folder);
      this.#lockPath = join(this.#folder, LOCK_NAME);
      takeLock(this.#lockPath);
    } catch (error) {
      if (isStsFault(error)) throw error;
      throw new StsFault('data_folder_unusable', folder, { param: '--data', cause: error });
    }
    held.add(this.#lockPath);
  }

  /**
   * @returns the memory image of the last run, or undefined for a meter that was never made.
   * @throws StsFault `memory_image_damaged` when the file is not `size` bytes.
   */
  readImage(size: number): Uint8Array | undefined {
    const path = join(this.#folder, IMAGE_NAME);
    if (!existsSync(path)) return undefined;
    const image = new Uint8Array(readFileSync(path));
    if (image.length !== size) {
      throw new StsFault('memory_image_damaged', `expected ${size} bytes, got ${image.length}`, {
        param: IMAGE_NAME,
      });
    }
    return image;
  }

  /** Puts down the first image whole: it holds a decoder key, so that only its owner may read it. */
  createImage(image: Uint8Array): void {
    const path = join(this.#folder, IMAGE_NAME);
    const temporary = `${path}.new`;
    writeFileSync(temporary, image, { mode: 0o600, flush: true });
    renameSync(temporary, path);
    const folder = openSync(this.#folder, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }

  /** What the part has committed goes to the disk before the firmware hears of it. */
  writePage(address: number, bytes: Uint8Array): void {
    this.#image ??= openSync(join(this.#folder, IMAGE_NAME), 'r+');
    writeSync(this.#image, bytes, 0, bytes.length, address);
    fdatasyncSync(this.#image);
  }

  /**
   * How far the meter's clock was ahead of this machine's when it was last noted, seconds; below zero when it was behind.
   * @returns undefined where nothing was noted, or nothing that can be read: a clock without a battery.
   */
  readClockAhead(): number | undefined {
    try {
      const noted: unknown = JSON.parse(readFileSync(join(this.#folder, CLOCK_NAME), 'utf8'));
      return clockFile.safeParse(noted).data?.aheadSeconds;
    } catch {
      return undefined;
    }
  }

  /** Notes it, whole or not at all; what a power cut takes of it is a second's worth of the meter's time. */
  writeClockAhead(aheadSeconds: number): void {
    const path = join(this.#folder, CLOCK_NAME);
    writeFileSync(`${path}.new`, `${JSON.stringify({ aheadSeconds })}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Gives the folder back. */
  close(): void {
    if (this.#image !== undefined) closeSync(this.#image);
    this.#image = undefined;
    if (held.delete(this.#lockPath)) unlinkSync(this.#lockPath);
  }
}

function takeLock(path: string): void {
  if (held.has(path)) throw inUse();
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, ownerText(process.pid), { mode: 0o600 });
  try {
    // A link appears whole with its content or not at all; a file opened with O_EXCL would stand empty for a moment.
    for (let attempt = 0; attempt < 3; attempt++) {
      if (tryLink(mine, path)) return;
      const owner = readOwner(path);
      if (owner === undefined) continue;
      if (isAlive(owner)) throw inUse();
      setAside(path, owner);
    }
    throw inUse();
  } finally {
    unlinkSync(mine);
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes the lock of a dead process, unless another start was quicker and the lock is already its own. */
function setAside(path: string, owner: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readOwner(aside) !== owner) tryLink(aside, path);
  unlinkSync(aside);
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The pid and, where the system tells, when that process started: pids come round again. */
function ownerText(pid: number): string {
  return `${pid} ${startTime(pid)}\n`;
}

function isAlive(owner: string): boolean {
  const pid = Number.parseInt(owner, 10);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
  return ownerText(pid) === owner;
}

function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold spaces; the state follows it, and the start time nineteen fields later.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more; where nobody reaps, it keeps its pid for ever.
    return fields[0] === 'Z' ? 'dead' : (fields[19] ?? 'unknown');
  } catch {
    return 'unknown';
  }
}

function inUse(): StsFault {
  return new StsFault('store_in_use', undefined, { param: 'dataFolder' });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
