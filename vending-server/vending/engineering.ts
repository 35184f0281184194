/** Commands for one meter: limits, registers, flags. One request gives one or several, in the order asked for. */
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Caller } from '../people/caller.ts';
import type { ManagementOrder } from '../security-module/contract.ts';
import type { Vending } from './context.ts';
import { type Given, type GivenRequest, give, preparedGift } from './given.ts';
import { meterForSale, planFor } from './purchase.ts';
import type { ENGINEERING_REASONS } from './reasons.ts';
import { commandCarried } from './wanted-tokens.ts';

export type Command = ManagementOrder['token'];

export interface EngineeringRequest extends GivenRequest {
  readonly meter: string;
  /** At least one. */
  readonly tokens: readonly Command[];
  readonly reasonCode: (typeof ENGINEERING_REASONS)[number];
}

/**
 * @throws StsFault of the meter's number, of `give`, `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`,
 *   `amount_out_of_range` for a limit that no token carries.
 */
export async function issueCommands(
  vending: Vending,
  caller: Caller,
  request: EngineeringRequest,
): Promise<Given> {
  const { meterPan } = parseMeterNumber(request.meter);
  const { tokens } = request;
  for (const command of tokens) commandCarried(command);
  return give(vending, caller, request, {
    operation: 'engineering',
    approvalKind: 'engineeringToken',
    payload: { meterPan, ...saidFlat(tokens) },
    meterPan,
    prepare: async (view, now) => {
      const found = meterForSale(view, now);
      const plan = await planFor(vending, found.meter, now);
      const wanted = tokens.map((token) => ({ kind: 'management' as const, token }));
      return preparedGift(found, { kind: 'engineering', plan, wanted }, now);
    },
  });
}

/** `token1: 'setMaximumPowerLimit 8000'`, `token2: 'clearTamper'`: what an approval shows, and is bound to. */
function saidFlat(tokens: readonly Command[]): Readonly<Record<string, string>> {
  return Object.fromEntries(tokens.map((token, index) => [`token${index + 1}`, said(token)]));
}

function said(token: Command): string {
  switch (token.kind) {
    case 'setMaximumPowerLimit':
    case 'setMaximumPhasePowerUnbalanceLimit':
      return `${token.kind} ${token.limitWatt}`;
    case 'clearCredit':
      return `${token.kind} ${token.registerCode}`;
    case 'setTariffRate':
      return `${token.kind} ${token.rateRaw}`;
    case 'setWaterMeterFactor':
      return `${token.kind} ${token.factorRaw}`;
    case 'setFlag':
      return `${token.kind} ${token.flag} ${token.isSet ? 'on' : 'off'}`;
    case 'setControl':
      return `${token.kind} ${token.index} ${token.valueRaw}`;
    case 'clearTamper':
      return token.kind;
  }
}
