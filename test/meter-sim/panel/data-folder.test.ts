import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { DataFolder } from '../../../meter-sim/panel/data-folder.ts';

const test = suite('meter-sim/panel/data-folder');

const SIZE = 32_768;

function inTemporaryFolder(run: (folder: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wattoken-meter-'));
    try {
      await run(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

function fault(code: string): (error: unknown) => boolean {
  return (error) => isStsFault(error) && error.code === code;
}

test(
  'a committed page is in the file, and the image can be read by its owner alone',
  inTemporaryFolder((folder) => {
    const data = new DataFolder(folder);
    assert.is(data.readImage(SIZE), undefined);
    data.createImage(new Uint8Array(SIZE).fill(0xff));
    data.writePage(128, new Uint8Array(64).fill(7));
    const file = join(folder, 'eeprom.bin');
    assert.is(statSync(file).mode & 0o777, 0o600);
    assert.equal([...readFileSync(file).subarray(126, 194)], [255, 255, ...new Array(64).fill(7), 255, 255]);
    data.close();
    const again = new DataFolder(folder);
    assert.is(again.readImage(SIZE)?.[128], 7);
    again.close();
    assert.equal(readdirSync(folder), ['eeprom.bin']);
  }),
);

test(
  'an image of another size is refused by name and left as it is',
  inTemporaryFolder((folder) => {
    writeFileSync(join(folder, 'eeprom.bin'), new Uint8Array(100));
    const data = new DataFolder(folder);
    assert.throws(() => data.readImage(SIZE), fault('memory_image_damaged'));
    assert.is(statSync(join(folder, 'eeprom.bin')).size, 100);
    data.close();
  }),
);

test(
  'a folder in use is refused, in this process and by the lock of a living one',
  inTemporaryFolder(async (folder) => {
    const data = new DataFolder(folder);
    assert.throws(() => new DataFolder(folder), fault('store_in_use'));
    assert.throws(() => new DataFolder(relative(process.cwd(), folder)), fault('store_in_use'));
    data.close();
    const script = `
      const { DataFolder } = await import(${JSON.stringify(
        new URL('../../../meter-sim/panel/data-folder.ts', import.meta.url).href,
      )});
      new DataFolder(${JSON.stringify(folder)});
      console.log('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    assert.throws(() => new DataFolder(folder), fault('store_in_use'));
    child.kill('SIGKILL');
    await ended;
    const after = new DataFolder(folder);
    after.close();
    assert.equal(readdirSync(folder), []);
  }),
);

test(
  'the lock of a pid that came round again is stale',
  inTemporaryFolder((folder) => {
    for (const owner of [`${process.ppid} 1\n`, `${process.pid} 1\n`, 'garbage', '']) {
      writeFileSync(join(folder, 'meter.lock'), owner);
      new DataFolder(folder).close();
    }
  }),
);

test.run();
