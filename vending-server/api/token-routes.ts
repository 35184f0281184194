/** Questions about a token number that somebody brings. */
import { verifyToken } from '../vending/verify-token.ts';
import { json, type Route, withBody } from './route.ts';
import { TokenQuestionBody, TokenVerdictAnswer } from './token-schemas.ts';

export const TOKEN_ROUTES: readonly Route[] = [
  withBody({
    method: 'post', // the digits are bearer credit: they belong in no URL
    path: '/v1/tokens/verify',
    summary: 'Was this token ours: its vendor, time, counter and proof, or that the ledger does not hold it',
    permission: 'token.verify',
    audit: 'read',
    body: TokenQuestionBody,
    answers: [{ status: 200, description: 'What the ledger holds', schema: TokenVerdictAnswer }],
    faults: ['token_number_malformed', 'token_number_too_large', 'security_module_unavailable'],
    handle: async ({ vending: { store, securityModule } }, { body }) =>
      json(200, await verifyToken(store, await securityModule.identity(), body)),
  }),
];
