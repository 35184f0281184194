/** The meter's balance ticking down, once a second: redrawn on a terminal, every ten seconds a line elsewhere. */
import { z } from 'zod';
import { decimalText } from '../lib/decimal.ts';
import { requestJson } from './http-client.ts';

const REDRAW_MILLIS = 1_000;
const LINE_EVERY = 10;

const meterShape = z.looseObject({
  balanceMilliWh: z.int(),
  powerMilliWatt: z.number(),
  relay: z.string(),
  display: z.looseObject({ text: z.string() }),
});

export function watchMeter(meterUrl: string): { stop(): void } {
  const onTerminal = process.stdout.isTTY === true;
  let ticks = 0;
  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    try {
      const answer = await requestJson({
        method: 'GET',
        base: meterUrl,
        path: '/v1/meter',
        unreachable: 'meter_unreachable',
      });
      const { balanceMilliWh, powerMilliWatt, relay, display } = meterShape.parse(answer);
      const line = [
        `  balance ${decimalText(balanceMilliWh, 6, 4)} kWh`,
        `${(powerMilliWatt / 1000).toFixed(0)} W`,
        `relay ${relay}`,
        `display [${display.text.trim()}]`,
      ].join('   ');
      if (onTerminal) process.stdout.write(`\r${line}\u001b[K`);
      else if (ticks % LINE_EVERY === 0) process.stdout.write(`${line}\n`);
      ticks += 1;
    } catch {
      // The meter is restarting or stopping; the next tick asks again.
    } finally {
      busy = false;
    }
  }, REDRAW_MILLIS);
  return {
    stop() {
      clearInterval(timer);
      if (onTerminal) process.stdout.write('\n');
    },
  };
}
