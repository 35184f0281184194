/**
 * A process that asks, decides and writes the trail until it is killed: `approver.ts <data folder> <first number>`. A line
 * is written only after what it names is durable.
 */

import { canonicalHash } from '../../../vending-server/ledger/canonical.ts';
import { openSqliteStore } from '../../../vending-server/store/open.ts';

const [dataFolder = '', first = '0'] = process.argv.slice(2);
const store = await openSqliteStore({ dataFolder });
const AT = 1_700_000_000_000;

async function one(i: number): Promise<void> {
  const id = `n${String(i).padStart(8, '0')}`;
  const payloadHash = canonicalHash({ id });
  const draft = {
    at: AT,
    principal: 'user:ben',
    credentialId: 'c',
    roles: '',
    vendorId: null,
    requestId: id,
  };
  await store.audit.append({ ...draft, action: 'decide', target: id, outcome: 'begun' });
  await store.approvals.request({
    ...{ approvalId: id, kind: 'deposit', payload: '{}', payloadHash, requestKey: id, vendorId: 'shop' },
    ...{ reason: 'slip', requestedBy: 'user:ann', requestedAt: AT, expiresAt: AT + 1000 },
  });
  const amountMinor = 1 + (i % 97);
  const transfers = [
    { debitAccount: 'bank:deposits:ZAR', creditAccount: 'vendor:shop:float:ZAR', amountMinor },
  ];
  await store.approvals.decide({
    ...{ approvalId: id, decidedBy: 'user:ben', at: AT + 1, note: '' },
    effect: {
      kind: 'deposit',
      deposit: {
        ...{ vendorId: 'shop', requestId: id, requestHash: payloadHash, amountMinor },
        ...{ reference: 'slip', at: AT + 1, transfers },
      },
    },
  });
  await store.audit.append({ ...draft, action: 'decide', target: id, outcome: 'done' });
  process.stdout.write(`${id}\n`);
}

process.stdout.write('ready\n');
for (let i = Number(first); ; i += 4) await Promise.all([0, 1, 2, 3].map((more) => one(i + more)));
