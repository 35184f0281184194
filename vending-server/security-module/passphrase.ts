/**
 * Where the security module's own process gets the passphrase: from a file, from an inherited descriptor, or typed on the
 * terminal. Never from arguments or environment, which other processes can read, and never through the server's memory.
 */
import { readFileSync } from 'node:fs';
import { StsFault } from '../../lib/faults.ts';

/** A passphrase longer than this is a wrong file. */
const PASSPHRASE_BYTES_MAX = 4096;

/**
 * The bytes of a file or descriptor without one line end behind them, so that `echo` and editors make the same passphrase.
 * The caller wipes them.
 * @throws StsFault `file_unreadable`, `key_store_passphrase_missing` when nothing is left.
 */
export function readPassphraseFile(file: string | number): Uint8Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new StsFault('file_unreadable', 'the passphrase file', {
      param: '--passphrase-file',
      cause: error,
    });
  }
  let end = bytes.length;
  if (end > PASSPHRASE_BYTES_MAX) {
    bytes.fill(0);
    throw new StsFault('file_unreadable', 'too long for a passphrase', { param: '--passphrase-file' });
  }
  if (bytes[end - 1] === 0x0a) end -= 1;
  if (bytes[end - 1] === 0x0d) end -= 1;
  const passphrase = Uint8Array.from(bytes.subarray(0, end));
  bytes.fill(0);
  if (passphrase.length === 0)
    throw new StsFault('key_store_passphrase_missing', 'the passphrase file is empty');
  return passphrase;
}

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const CTRL_U = 0x15;
const DELETE = 0x7f;

/**
 * Asks on the terminal without echo; the prompt goes to stderr.
 * @throws StsFault `key_store_passphrase_missing` when nothing was typed, the terminal closed, or Ctrl-C or Ctrl-D came.
 */
export async function promptPassphrase(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<Uint8Array> {
  output.write(question);
  input.setRawMode(true);
  const typed: number[] = [];
  try {
    for await (const chunk of input) {
      if (addTyped(typed, chunk as Buffer) === 'done') break;
    }
  } finally {
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  }
  const passphrase = Uint8Array.from(typed);
  typed.fill(0);
  if (passphrase.length === 0) throw new StsFault('key_store_passphrase_missing', 'nothing was typed');
  return passphrase;
}

function addTyped(typed: number[], chunk: Buffer): 'more' | 'done' {
  for (const byte of chunk) {
    if (byte === RETURN || byte === LINE_FEED) return 'done';
    if (byte === CTRL_C || byte === CTRL_D) {
      typed.length = 0;
      return 'done';
    }
    if (byte === CTRL_U) typed.length = 0;
    else if (byte === DELETE || byte === BACKSPACE) dropCharacter(typed);
    else if (typed.length < PASSPHRASE_BYTES_MAX) typed.push(byte);
  }
  chunk.fill(0);
  return 'more';
}

/** One character of UTF-8 has one leading byte and up to three that begin with the bits 10. */
function dropCharacter(typed: number[]): void {
  while (((typed.pop() ?? 0) & 0xc0) === 0x80);
}
