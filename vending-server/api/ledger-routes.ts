/** The proof of the whole ledger, for those who need not trust this server: heads, verification, export, witness. */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { readWitness, WITNESS_FORMAT } from '../ledger/witness.ts';
import type { Reading } from '../operation/ledger-reader.ts';
import type { ModuleIdentity } from '../security-module/contract.ts';
import { witnessHead } from '../vending/witness-ledger.ts';
import { type Answer, json, type Route, type Service, withBody, withoutBody, withQuery } from './route.ts';
import { Id } from './schemas.ts';
import { iso } from './time.ts';

const LINES = 'application/x-ndjson';
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Counter = z.int().min(1);

const LedgerAnswer = z.strictObject({
  modules: z.array(
    z.strictObject({
      moduleId: z.string(),
      publicKey: z.string(),
      /** Whether it makes this server's tokens. */
      isOwn: z.boolean(),
      /** The last entry that the module signed; null before its first. */
      head: z.strictObject({ counter: Counter, entryHash: Hash, signature: z.string() }).nullable(),
    }),
  ),
});

/** Checked for what it is by those who know its form. */
const WitnessFile = z.looseObject({ format: z.literal(WITNESS_FORMAT), moduleId: z.string() });
const ModuleName = Id.optional();
const ExportQuery = z.strictObject({ moduleId: ModuleName });
const WitnessBody = z.strictObject({ moduleId: ModuleName, earlier: WitnessFile.nullable().default(null) });
const ProofBody = z.strictObject({ moduleId: ModuleName, witness: WitnessFile.nullable().default(null) });

export const LEDGER_ROUTES: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/ledger',
    summary: 'The modules whose chains stand in the books, each with the head that it signed last',
    permission: 'ledger.prove',
    answers: [{ status: 200, description: 'The heads', schema: LedgerAnswer }],
    faults: [],
    handle: async ({ vending }) => {
      const own = await vending.securityModule.identity();
      const modules = await Promise.all(
        (await vending.store.modules()).map(async ({ moduleId, publicKey }) => {
          const entry = await vending.store.lastSignedEntry(moduleId);
          const head = entry && {
            counter: entry.counter,
            entryHash: entry.entryHash,
            signature: entry.signature,
          };
          return { moduleId, publicKey, isOwn: moduleId === own.moduleId, head: head ?? null };
        }),
      );
      return json(200, { modules });
    },
  }),
  withQuery({
    path: '/v1/ledger/export',
    summary: 'The whole ledger as lines of JSON that anyone can check; without token numbers',
    permission: 'ledger.prove',
    audit: 'read',
    query: ExportQuery,
    answers: [{ status: 200, description: 'The export', contentType: LINES, schema: z.string() }],
    faults: ['ledger_busy', 'ledger_module_unknown'],
    handle: async (service, { query }) => {
      const module = await moduleNamed(service, query.moduleId);
      const name = `wattoken-ledger-${iso(service.vending.clock.now()).slice(0, 10)}.jsonl`;
      const answer = await readingOf(service, module, { work: 'export', witness: null });
      return { ...answer, headers: { 'Content-Disposition': `attachment; filename="${name}"` } };
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/ledger/verifications',
    summary:
      'Prove the whole ledger now: lines of JSON with the progress, the last of them the report. Sales go on meanwhile',
    permission: 'ledger.prove',
    audit: 'read',
    body: ProofBody,
    answers: [{ status: 200, description: 'Progress and report', contentType: LINES, schema: z.string() }],
    faults: ['ledger_busy', 'ledger_module_unknown'],
    handle: async (service, { body: { moduleId, witness } }) =>
      readingOf(service, await moduleNamed(service, moduleId), {
        work: 'proof',
        witness: witness === null ? null : readWitnessBody(witness, 'witness'),
      }),
  }),
  withBody({
    method: 'post',
    path: '/v1/ledger/witnesses',
    summary: 'The signed head of the ledger for an outsider to keep; goes on with an earlier witness',
    permission: 'ledger.prove',
    audit: 'read',
    body: WitnessBody,
    answers: [{ status: 200, description: 'The witness', schema: WitnessFile }],
    faults: ['ledger_mismatch', 'ledger_module_unknown'],
    handle: async (service, { body: { moduleId, earlier } }) => {
      const module = await moduleNamed(service, moduleId);
      const before = earlier === null ? undefined : readWitnessBody(earlier, 'earlier');
      const { store, clock } = service.vending;
      return json(200, await witnessHead(store, module, before, iso(clock.now())));
    },
  }),
];

type Module = Pick<ModuleIdentity, 'moduleId' | 'publicKey'>;

/** @returns this server's own when none is named, with the key that the module itself tells. */
async function moduleNamed({ vending }: Service, wanted: string | undefined): Promise<Module> {
  const own = await vending.securityModule.identity();
  if (wanted === undefined || wanted === own.moduleId) return own;
  const publicKey = await vending.store.publicKeyOf(wanted);
  if (publicKey === undefined) throw new StsFault('ledger_module_unknown', undefined, { param: 'moduleId' });
  return { moduleId: wanted, publicKey };
}

async function readingOf(
  { ledger }: Service,
  { moduleId, publicKey }: Module,
  what: Pick<Reading, 'work' | 'witness'>,
): Promise<Answer> {
  const body = await ledger(moduleId, { ...what, publicKey });
  return {
    status: 200,
    contentType: LINES,
    body,
    lost: async () => {
      body.destroy();
    },
  };
}

function readWitnessBody(value: unknown, param: string) {
  const witness = readWitness(value);
  if (witness === undefined) throw new StsFault('request_malformed', 'this is no witness', { param });
  return witness;
}
