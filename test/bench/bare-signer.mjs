/**
 * The process behind the third route of bare-route.mjs: one signature over the last of a batch, told at once, then a row of
 * each in one durable commit of a file of its own. It knows no key of a meter and makes no token. Argument: the file.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import Database from 'better-sqlite3';

const { privateKey } = generateKeyPairSync('ed25519');
const database = new Database(process.argv[2]);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(
  'CREATE TABLE IF NOT EXISTS entry (counter INTEGER PRIMARY KEY, body TEXT NOT NULL, signature TEXT NOT NULL) STRICT',
);
const insert = database.prepare('INSERT INTO entry (body, signature) VALUES (?, ?)');
const addAll = database.transaction((texts, signature) => {
  for (const text of texts) insert.run(text, signature);
});

process.on('message', (bodies) => {
  const texts = bodies.map((body) => JSON.stringify(body));
  const signature = sign(null, Buffer.from(texts.at(-1)), privateKey).toString('base64');
  process.send({ signature });
  addAll(texts, signature);
  process.send('sealed');
});
process.on('disconnect', () => process.exit(0));
