import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auditTarget, verifyAudit, verifyTrail } from '../../../vending-server/people/audit.ts';
import { DATABASE_FILE, openSqliteStore } from '../../../vending-server/store/open.ts';
import type { AuditDraft, AuditEntry } from '../../../vending-server/store/people-contract.ts';
import { seedOf } from '../../support/counts.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

const draft = (i: number): AuditDraft => ({
  at: 1_700_000_000_000 + i,
  principal: `user:${i % 3}`,
  credentialId: 'ses_1',
  roles: 'auditor',
  vendorId: i % 2 === 0 ? null : 'shop',
  action: 'GET /v1/sales/{saleId}',
  target: `saleId=sale_${i}`,
  outcome: 'done',
  requestId: `r${i}`,
});

const test = suite('audit trail');

async function trail(count: number): Promise<{ folder: string; entries: readonly AuditEntry[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-audit-'));
  const store = await openSqliteStore({ dataFolder: folder });
  await Promise.all(Array.from({ length: count }, (_, i) => store.audit.append(draft(i))));
  const entries = await store.audit.entries(0, count);
  await store.close();
  return { folder, entries };
}

test('any row altered, deleted, moved or made up is found and named', async () => {
  const { folder, entries } = await trail(50);
  assert.equal(verifyAudit(entries).findings, []);
  const chance = new SeededRandom(seedOf('audit trail'));
  const random = (below: number) => chance.below(below);
  let spoiled = 0;
  for (let i = 0; i < 300; i += 1) {
    const copy = entries.map((entry) => ({ ...entry }));
    const at = random(copy.length - 1);
    const one = copy[at]!;
    const how = random(7);
    if (how === 0) copy.splice(at, 1);
    else if (how === 1) copy.splice(at, 0, { ...one });
    else if (how === 2) [copy[at], copy[at + 1]] = [copy[at + 1]!, one];
    else if (how === 3) copy[at] = { ...one, principal: 'user:9' };
    else if (how === 4) copy[at] = { ...one, outcome: 'permission_denied' };
    else if (how === 5) copy[at] = { ...one, at: one.at + 1 };
    else copy[at] = { ...one, vendorId: one.vendorId === null ? '' : null };
    const { findings } = verifyAudit(copy);
    assert.ok(findings.length > 0, `way ${how} at ${at}`);
    spoiled += 1;
  }
  console.log(`    ${spoiled} spoiled trails, all found`);
  rmSync(folder, { recursive: true });
});

test('the database itself refuses to change or delete a row, and a cut end is found by a kept head', async () => {
  const { folder, entries } = await trail(20);
  const file = new Database(join(folder, DATABASE_FILE));
  assert.throws(() => file.exec("UPDATE audit_entry SET outcome = 'done'"), /only added to/);
  assert.throws(() => file.exec('DELETE FROM audit_entry'), /only added to/);
  // Whoever owns the file can take the guard away; then the chain and a kept head remain.
  file.exec('DROP TRIGGER audit_is_kept');
  file.exec('DELETE FROM audit_entry WHERE sequence > 15');
  file.close();
  const store = await openSqliteStore({ dataFolder: folder });
  assert.equal((await verifyTrail(store.audit)).findings, []);
  const kept = entries.at(-1)!;
  assert.equal((await verifyTrail(store.audit, kept)).findings, [{ kind: 'not_at_head', sequence: 20 }]);
  assert.equal((await verifyTrail(store.audit, entries[14])).findings, []);
  await store.close();
  rmSync(folder, { recursive: true });
});

test('a target holds no token number and nothing that is not text', () => {
  assert.is(auditTarget({ saleId: '12345678901234567890' }), 'saleId=…7890');
  assert.is(auditTarget({ q: '1234 5678 9012 3456 7890' }), 'q=…7890');
  assert.is(auditTarget({ meter: '600727111111111153' }), 'meter=600727111111111153');
  assert.is(auditTarget({ a: 'x\u0000y\n', b: { deep: 'secret' }, c: 7 }), 'a=x?y? c=7');
  assert.is(auditTarget({ a: 'z'.repeat(500) }).length, 200);
});

test.run();
