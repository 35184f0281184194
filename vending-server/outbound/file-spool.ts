/**
 * SMS and e-mail as files, for whatever gateway a utility has: `<id>.json` for programs and `<id>.txt` for people. A file has
 * its name only once it is whole and durable, the JSON last; a message that is sent again makes the same two names.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Message, MessagePort, SendOutcome } from '../notify/ports.ts';

const ID = /^[A-Za-z0-9_-]{1,120}$/;

/** @param folder - made when the first message comes; readable by its owner alone, for it names customers. */
export function fileSpool(folder: string): MessagePort {
  return {
    send: async (message): Promise<SendOutcome> => {
      if (!ID.test(message.notificationId)) return { kind: 'refused', reason: 'id_malformed' };
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await put(folder, `${message.notificationId}.txt`, textOf(message));
        await put(folder, `${message.notificationId}.json`, `${JSON.stringify(fieldsOf(message))}\n`);
        await syncFolder(folder);
        return { kind: 'delivered' };
      } catch (error) {
        const { code } = error as { code?: unknown };
        return { kind: 'failed', reason: code === 'ENOSPC' ? 'disk_full' : 'spool_unwritable' };
      }
    },
  };
}

function fieldsOf({ notificationId: id, kind, to, subject, text }: Message) {
  return { id, kind, to, subject, text };
}

function textOf({ to, subject, text }: Message): string {
  return `To: ${to}\n${subject === null ? '' : `Subject: ${subject}\n`}\n${text.trimEnd()}\n`;
}

async function put(folder: string, name: string, text: string): Promise<void> {
  // A name that no gateway takes for a message; what a crash leaves of it is nobody's.
  const temporary = join(folder, `.${name}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
