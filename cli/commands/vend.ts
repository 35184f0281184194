/** `wattoken vend`: buy from a vending server, and see what to key in. */
import { randomUUID } from 'node:crypto';
import { BigNumber } from 'bignumber.js';
import { FAULTS, isStsFault, StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { readSecretFile } from '../files.ts';
import { requestJson } from '../http-client.ts';
import { type OutputOptions, printResult, tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { saleShape, saleText } from '../sale-text.ts';

export interface VendOptions extends OutputOptions {
  readonly server: string;
  readonly apiKeyFile: string;
  readonly currency: string;
  readonly requestId?: string;
}

/** How often a sale with an unknown outcome is asked for again; the request id makes that safe. */
const ATTEMPTS = 4;
const PAUSE_MILLIS = 500;

export async function vend(meter: string, amount: string, options: VendOptions): Promise<void> {
  const requestId = options.requestId ?? `cli-${randomUUID()}`;
  const body = {
    requestId,
    meter: parseMeterNumber(meter).drn,
    paidMinor: minorUnits(amount, options.currency),
    currency: options.currency,
  };
  const apiKey = readSecretFile(options.apiKeyFile, '--api-key-file');
  // Told before the request leaves: whoever loses the answer asks again with the same id and pays once.
  if (options.requestId === undefined) tell(`request id ${requestId}`);
  const answer = await withProgress('waiting for the server', () =>
    askUntilKnown(() =>
      requestJson({
        method: 'POST',
        base: options.server,
        path: '/v1/sales',
        body,
        apiKey,
        unreachable: 'server_unreachable',
      }),
    ),
  );
  const sale = saleShape.parse(answer);
  printResult(options, answer as object, saleText(sale, decimalsOf(sale.currency)));
}

/** Repeats the same request while its outcome is unknown. */
async function askUntilKnown(ask: () => Promise<unknown>): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const again = isStsFault(error) && FAULTS[error.code].retry === 'same-key' && attempt < ATTEMPTS;
      if (!again) throw error;
      tell(`${error.message}; asking again (${attempt} of ${ATTEMPTS - 1})`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS * attempt));
    }
  }
}

/** '50' or '50.00' in the currency's minor units; more decimals than the currency has are refused, not rounded. */
function minorUnits(amount: string, currency: string): number {
  if (!/^[0-9]{1,12}(\.[0-9]+)?$/.test(amount)) {
    throw new StsFault('usage', `"${amount}" is no amount of money`, { param: 'amount' });
  }
  const minor = new BigNumber(amount).shiftedBy(decimalsOf(currency));
  if (minor.isInteger()) return minor.toNumber();
  throw new StsFault('usage', `${currency} has ${decimalsOf(currency)} decimals`, { param: 'amount' });
}

function decimalsOf(currency: string): number {
  try {
    return (
      new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ??
      2
    );
  } catch {
    throw new StsFault('usage', `"${currency}" is no ISO 4217 code`, { param: '--currency' });
  }
}
