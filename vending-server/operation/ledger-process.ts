/**
 * Reads the whole ledger in a process of its own, at low priority, so that sales go on beside it: an export line by line, or
 * its proof with the progress now and then. What it is to do comes over the channel it was forked with, a refusal goes back
 * there, and what it finds is written to its standard output as fast as somebody reads it.
 */
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { openSnapshot } from '../audit.ts';
import { exportLines } from '../ledger/export-lines.ts';
import { ExportVerifier } from '../ledger/verify-export.ts';
import { faultToWire } from '../security-module/protocol.ts';
import type { LedgerSnapshot } from '../store/contract.ts';
import type { Reading } from './ledger-reader.ts';

/** Behind whatever sells on the same machine. */
const PRIORITY = 10;
const WRITE_CHARACTERS = 1 << 16;
/** How often a proof tells how far it is. */
const TELL_MILLIS = 250;

// Whoever asked is gone: nobody reads on.
process.on('disconnect', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));

const [reading] = (await once(process, 'message')) as [Reading];
setPriority(PRIORITY);
try {
  await read(reading);
  process.disconnect();
} catch (error) {
  process.send?.(faultToWire(error), () => process.exit(1));
}

async function read({ source, publicKey, witness, work }: Reading): Promise<void> {
  const snapshot = await openSnapshot(source);
  try {
    if (work === 'export') await writeExport(snapshot);
    else
      await prove(snapshot, new ExportVerifier({ publicKey, witnesses: witness === null ? [] : [witness] }));
  } finally {
    await snapshot.close();
  }
}

async function writeExport(snapshot: LedgerSnapshot): Promise<void> {
  let waiting = '';
  for await (const line of linesOf(snapshot)) {
    waiting += line;
    if (waiting.length < WRITE_CHARACTERS) continue;
    await write(waiting);
    waiting = '';
  }
  await write(waiting);
}

async function prove(snapshot: LedgerSnapshot, verifier: ExportVerifier): Promise<void> {
  let told = 0;
  const tell = async (): Promise<void> => {
    told = performance.now();
    await write(`${JSON.stringify({ kind: 'progress', entries: verifier.entries })}\n`);
  };
  await tell();
  for await (const line of linesOf(snapshot)) {
    verifier.line(line.slice(0, -1));
    if (verifier.isBusy) await verifier.settle();
    if (performance.now() - told > TELL_MILLIS) await tell();
  }
  await write(`${JSON.stringify({ kind: 'report', report: await verifier.end() })}\n`);
}

function linesOf(snapshot: LedgerSnapshot): AsyncGenerator<string, void> {
  return exportLines(snapshot, { exportedAt: new Date().toISOString(), withTokenNumbers: false });
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
