/** The whole conformance suite: every vector that the adapter protocol can ask for, and the rules around them. */
import type { Case } from './expectations.ts';
import { keyChangeCases, keyChangeRefusalCases } from './suite-key-change.ts';
import { cipherCases, decoderKeyCases, meterNumberCases } from './suite-keys.ts';
import { meterCases } from './suite-meter.ts';
import { refusalCases } from './suite-refusals.ts';
import { requestCases } from './suite-requests.ts';
import { amountCases, crcCases, creditCases, currencyCases, tidCases, tokenCases } from './suite-tokens.ts';

/** In the order in which a token is made, so that the first failures of a report are nearest to their cause. */
export function conformanceSuite(): Case[] {
  return [
    ...cipherCases(),
    ...meterNumberCases(),
    ...decoderKeyCases(),
    ...tidCases(),
    ...amountCases(),
    ...currencyCases(),
    ...crcCases(),
    ...tokenCases(),
    ...creditCases(),
    ...requestCases(),
    ...refusalCases(),
    ...keyChangeCases(),
    ...keyChangeRefusalCases(),
    ...meterCases(),
  ];
}

/** @param part - text that the id or the clause of a case must hold. */
export function selectCases(cases: readonly Case[], part: string | undefined): Case[] {
  return cases.filter(({ id, clause }) => part === undefined || id.includes(part) || clause.includes(part));
}
