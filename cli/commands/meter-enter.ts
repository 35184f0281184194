/** `wattoken meter enter`: key a token into a running meter. */
import { z } from 'zod';
import { decimalText } from '../../lib/decimal.ts';
import { EXIT } from '../../lib/faults.ts';
import { parseTokenNo } from '../../lib/token/token-no.ts';
import { requestJson } from '../http-client.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withProgress } from '../progress.ts';

export interface MeterEnterOptions extends OutputOptions {
  readonly meter: string;
}

export const entryShape = z.looseObject({
  result: z.string(),
  creditedKwh: z.string().optional(),
  balanceMilliWh: z.int(),
});

/** A section of a key change that waits for the others (sts.md 8.1). */
const SECTION_KEPT = /^(1st|2nd|3rd|4th)KCT$/;

export async function enterAtMeter(text: string, options: MeterEnterOptions): Promise<void> {
  const answer = await withProgress('waiting for the meter', () =>
    requestJson({
      method: 'POST',
      base: options.meter,
      path: '/v1/meter/tokens',
      body: { tokenNo: parseTokenNo(text) },
      unreachable: 'meter_unreachable',
    }),
  );
  const entry = entryShape.parse(answer);
  const balance = `balance ${decimalText(entry.balanceMilliWh, 6, 3)} kWh`;
  const credited = entry.creditedKwh === undefined ? '' : `  +${entry.creditedKwh} kWh`;
  const isKept = SECTION_KEPT.test(entry.result);
  const more = isKept ? '  key in the other tokens of the set' : '';
  printResult(options, answer as object, `${entry.result}${credited}  ${balance}${more}`);
  // A refused token is an expected outcome, but a script must see it. A section that is kept is none.
  if (entry.result !== 'Accept' && !isKept) process.exitCode = EXIT.refused;
}
