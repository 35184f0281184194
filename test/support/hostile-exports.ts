/** Everything that the library exports to call, with what each parameter takes and what comes out. */
import { KEY_ENTRIES } from './hostile-exports-of-keys.ts';
import { METER_ENTRIES } from './hostile-exports-of-meters.ts';
import { TOKEN_ENTRIES } from './hostile-exports-of-tokens.ts';
import type { Entry } from './hostile-places.ts';

export const ENTRIES: readonly Entry[] = [...KEY_ENTRIES, ...TOKEN_ENTRIES, ...METER_ENTRIES];
