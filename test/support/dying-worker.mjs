/**
 * A worker of `answerInBulk` that ends where a line says so: `die` always, `die-unless <file>` when the file is not there yet,
 * which it then makes. Any other line comes back as it is.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ bytes }) => {
  const text = new TextDecoder().decode(bytes);
  for (const line of text.split('\n')) {
    const [word, file] = line.split(' ');
    if (word === 'die') process.exit(1);
    if (word === 'die-unless' && !existsSync(file)) {
      writeFileSync(file, '');
      process.exit(1);
    }
  }
  parentPort.postMessage({ bytes, answered: text.split('\n').length - 1, refused: 0 });
});
