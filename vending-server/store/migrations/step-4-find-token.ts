/** "Was this token ours?" asks by the 20 digits; a token that was never released has none in the books, only its digest. */
import type { MigrationStep } from './step.ts';

const BOTH = `
CREATE INDEX sale_by_token ON sale (token_no);
CREATE INDEX unreleased_by_token ON chain_entry (token_digest) WHERE state = 'unreleased';
`;

export const FIND_TOKEN: MigrationStep = { name: 'find token', sqlite: BOTH, postgres: BOTH };
