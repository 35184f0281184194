// A vending server in a process of its own, for tests that kill it: prints its address, then sells and sends until it dies.
import { startServer } from '../../vending-server/main.ts';

const [dataFolder, passphraseFile] = process.argv.slice(2);
const server = await startServer({
  dataFolder,
  passphraseFile,
  port: 0,
  logLevel: 'silent',
  notify: {
    allowPrivateWebhooks: true,
    webhookTimeoutMillis: 500,
    lookMillis: 20,
    retry: { firstMillis: 20, mostMillis: 200, leaseMillis: 700 },
  },
});
process.stdout.write(`${server.url}\n`);
