import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_RETRY, nextAttempt } from '../../../vending-server/notify/backoff.ts';
import { type Attempt, Deliverer } from '../../../vending-server/notify/deliver.ts';
import { notificationsOf } from '../../../vending-server/notify/notification.ts';
import type { Message, SendOutcome } from '../../../vending-server/notify/ports.ts';
import {
  secretDigest,
  signWebhook,
  webhookSecret,
} from '../../../vending-server/notify/webhook-signature.ts';
import { openSqliteStore } from '../../../vending-server/store/open.ts';
import type { NewNotification } from '../../../vending-server/store/outbox.ts';
import type { SqliteStore } from '../../../vending-server/store/sqlite/store.ts';
import { chance } from '../../support/chance.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { WEBHOOK } from '../store/outbox-contract.ts';

const T = 1_700_000_000_000;
const MASTER = Buffer.alloc(32, 7);
const seed = seedOf('notify');

/** What a receiver does by the standard, written from its text: any one signature of the list is enough. */
function isSignedWith(secret: string, headers: Readonly<Record<string, string>>, body: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const wanted = `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  return (headers['webhook-signature'] ?? '').split(' ').includes(wanted);
}

const signing = suite('webhook signatures');

signing('when a secret is changed then both sign for a day, and afterwards the new one alone', () => {
  const first = webhookSecret(MASTER, 'whk_1', 1);
  const second = webhookSecret(MASTER, 'whk_1', 2);
  assert.match(first, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const webhook = {
    webhookId: 'whk_1',
    secretGeneration: 2,
    secretDigest: secretDigest(second),
    previousUntil: T + 1000,
  };
  const signed = (now: number) => ({
    ...signWebhook(MASTER, webhook, { id: 'msg_1', body: '{"a":"Ω"}', now })!,
  });
  const during = signed(T);
  assert.equal(
    [isSignedWith(first, during, '{"a":"Ω"}'), isSignedWith(second, during, '{"a":"Ω"}')],
    [true, true],
  );
  assert.is(during['webhook-timestamp'], String(T / 1000));
  const after = signed(T + 1000);
  assert.equal(
    [isSignedWith(first, after, '{"a":"Ω"}'), isSignedWith(second, after, '{"a":"Ω"}')],
    [false, true],
  );
  assert.not(isSignedWith(second, after, '{"a":"Z"}'));
});

signing(
  'when the master is not the one of the secret then nothing is signed; secrets are all different',
  () => {
    const secret = webhookSecret(MASTER, 'whk_1', 1);
    const webhook = {
      webhookId: 'whk_1',
      secretGeneration: 1,
      secretDigest: secretDigest(secret),
      previousUntil: 0,
    };
    assert.is(signWebhook(Buffer.alloc(32, 8), webhook, { id: 'm', body: '', now: T }), undefined);
    const all = ['a', 'b'].flatMap((id) => [1, 2].map((generation) => webhookSecret(MASTER, id, generation)));
    assert.is(new Set(all).size, 4);
  },
);
signing.run();

const times = suite('times of retries');

times(
  'when attempts fail then waits double with chance in them, up to the longest, and end at the age',
  () => {
    const draw = chance(seed);
    const random = { bytes: (length: number) => Uint8Array.from({ length }, () => draw(256)) };
    const runs = count(2000, 200);
    let attemptsMade = 0;
    for (let run = 0; run < runs; run += 1) {
      let now = T;
      for (let attempts = 1; ; attempts += 1) {
        const dueAt = nextAttempt(DEFAULT_RETRY, { attempts, countedFrom: T }, now, random);
        if (dueAt === null) {
          assert.ok(now - T > DEFAULT_RETRY.maxAgeMillis - DEFAULT_RETRY.mostMillis);
          attemptsMade += attempts;
          break;
        }
        const longest = Math.min(DEFAULT_RETRY.mostMillis, DEFAULT_RETRY.firstMillis * 2 ** (attempts - 1));
        assert.ok(dueAt - now >= longest / 2 - 1 && dueAt - now <= longest, `attempt ${attempts}`);
        now = dueAt;
      }
    }
    report(`${runs} messages, ${(attemptsMade / runs).toFixed(1)} attempts each in three days`);
  },
);
times.run();

const who = suite('who is told');

who(
  'when a sale is made then its vendor and the utility are told, and the customer where it asked for it',
  () => {
    const hooks = [
      WEBHOOK,
      { ...WEBHOOK, webhookId: 'whk_all', vendorId: null },
      { ...WEBHOOK, webhookId: 'whk_off', isEnabled: false },
      { ...WEBHOOK, webhookId: 'whk_other', vendorId: 'other' },
    ];
    const sale = { saleId: 'sale_01ab', vendorId: 'shop', soldAt: T };
    const told = notificationsOf(
      sale,
      { phone: '+254700000001', email: 'a@b.example', language: 'sw' },
      hooks,
      'en',
    );
    assert.equal(
      told.map(({ notificationId, channel, target, language }) => [
        notificationId,
        channel,
        target,
        language,
      ]),
      [
        ['msg_01ab_sms', 'sms', '+254700000001', 'sw'],
        ['msg_01ab_email', 'email', 'a@b.example', 'sw'],
        ['msg_01ab_whk_1', 'webhook', 'whk_1', 'sw'],
        ['msg_01ab_whk_all', 'webhook', 'whk_all', 'sw'],
      ],
    );
    assert.equal(notificationsOf(sale, undefined, [], 'en'), []);
    assert.equal(notificationsOf(sale, undefined, hooks, 'en').length, 2);
  },
);
who.run();

interface Bench {
  readonly folder: string;
  readonly store: SqliteStore;
  readonly clock: { millis: number; now(): number };
  readonly sent: Message[];
  readonly posts: { url: string; headers: Readonly<Record<string, string>>; body: string }[];
  readonly attempts: Attempt[];
  outcomeOf: (what: { channel: string; url?: string }) => SendOutcome | Promise<SendOutcome>;
  readonly deliverer: Deliverer;
  /** Lends and sends until nothing is due. */
  drain(): Promise<void>;
}

async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-notify-'));
  const store = await openSqliteStore({ dataFolder: folder });
  await store.putVendor({ vendorId: 'shop', name: 'Shop', currency: 'ZAR', creditLimitMinor: 0 });
  await store.outbox.addWebhook({
    ...WEBHOOK,
    secretDigest: secretDigest(webhookSecret(MASTER, 'whk_1', 1)),
  });
  const draw = chance(seed);
  const clock = { millis: T, now: () => clock.millis };
  const bench = {
    folder,
    store,
    clock,
    sent: [] as Message[],
    posts: [] as Bench['posts'],
    attempts: [] as Attempt[],
    outcomeOf: (): SendOutcome => ({ kind: 'delivered' }),
  } as unknown as { -readonly [Name in keyof Bench]: Bench[Name] };
  const port = (channel: string) => ({
    send: async (message: Message) => {
      bench.sent.push(message);
      return bench.outcomeOf({ channel });
    },
  });
  bench.deliverer = new Deliverer({
    outbox: store.outbox,
    clock,
    random: { bytes: (length) => Uint8Array.from({ length }, () => draw(256)) },
    policy: { firstMillis: 1000, mostMillis: 60_000, maxAgeMillis: 600_000, leaseMillis: 30_000 },
    webhookMaster: MASTER,
    sms: port('sms'),
    email: port('email'),
    webhook: {
      post: async (url, headers, body) => {
        bench.posts.push({ url, headers, body });
        return bench.outcomeOf({ channel: 'webhook', url });
      },
    },
    messageOf: async ({ notificationId, kind, target: to }) => ({
      notificationId,
      kind,
      to,
      subject: null,
      text: 'x',
    }),
    bodyOf: async ({ facts }) => facts ?? '',
    onAttempt: (attempt) => bench.attempts.push(attempt),
  });
  bench.drain = async () => {
    for (;;) {
      const begun = await bench.deliverer.take(8);
      if (begun.length === 0) return;
      await Promise.all(begun);
    }
  };
  return bench;
}

function low(notificationId: string, more: Partial<NewNotification> = {}): NewNotification {
  return {
    notificationId,
    kind: 'balance.low',
    channel: 'webhook',
    target: 'whk_1',
    language: 'en',
    saleId: null,
    facts: '{"drn":"11111111115"}',
    createdAt: T,
    ...more,
  };
}

const delivery = suite<{ bench: Bench }>('delivery');
delivery.before.each(async (context) => {
  context.bench = await openBench();
});
delivery.after.each(async ({ bench }) => {
  await bench.store.close();
  rmSync(bench.folder, { recursive: true });
});

delivery(
  'when an endpoint fails and comes back then the message arrives, with one id and a signature each time',
  async ({ bench }) => {
    await bench.store.outbox.add([low('msg_1')]);
    bench.outcomeOf = () =>
      bench.posts.length < 4 ? { kind: 'failed', reason: 'status_500' } : { kind: 'delivered' };
    for (let second = 0; second < 60; second += 1) {
      await bench.drain();
      bench.clock.millis += 1000;
    }
    assert.is(bench.posts.length, 4);
    const secret = webhookSecret(MASTER, 'whk_1', 1);
    for (const { headers, body } of bench.posts) {
      assert.is(headers['webhook-id'], 'msg_1');
      assert.ok(isSignedWith(secret, headers, body));
    }
    assert.is(new Set(bench.posts.map(({ body }) => body)).size, 1);
    assert.is(new Set(bench.posts.map(({ headers }) => headers['webhook-timestamp'])).size, 4);
    const held = await bench.store.outbox.find('msg_1');
    assert.equal([held?.state, held?.attempts], ['delivered', 4]);
  },
);

delivery(
  'when an endpoint never comes back then the message is dead at its age, and sent again by hand',
  async ({ bench }) => {
    await bench.store.outbox.add([low('msg_1')]);
    bench.outcomeOf = () => ({ kind: 'failed', reason: 'timed_out' });
    for (let second = 0; second < 700; second += 1) {
      await bench.drain();
      bench.clock.millis += 1000;
    }
    const dead = await bench.store.outbox.find('msg_1');
    assert.equal([dead?.state, dead?.lastOutcome], ['dead', 'timed_out']);
    assert.ok(bench.attempts.at(-1)?.isGivenUp);
    assert.is(bench.attempts.filter(({ isGivenUp }) => isGivenUp).length, 1);
    bench.outcomeOf = () => ({ kind: 'delivered' });
    bench.clock.millis += 60_000;
    assert.is(await bench.store.outbox.resend('msg_1', bench.clock.millis), true);
    await bench.drain();
    assert.is((await bench.store.outbox.find('msg_1'))?.state, 'delivered');
  },
);

delivery('when one endpoint hangs then it is left alone and the others are served', async ({ bench }) => {
  const { outbox } = bench.store;
  const digest = secretDigest(webhookSecret(MASTER, 'whk_2', 1));
  const well = 'https://well.example/';
  await outbox.addWebhook({ ...WEBHOOK, webhookId: 'whk_2', url: well, secretDigest: digest });
  const ids = Array.from({ length: 100 }, (_, index) => `m${index}`);
  await outbox.add(ids.map((id) => low(`${id}-hang`)));
  await outbox.add(ids.map((id) => low(`${id}-well`, { target: 'whk_2' })));
  bench.outcomeOf = ({ url }) =>
    url === well ? { kind: 'delivered' } : { kind: 'failed', reason: 'timed_out' };
  await bench.drain();
  const called = bench.posts.filter(({ url }) => url !== well).length;
  assert.is(bench.posts.length - called, 100);
  assert.ok(called <= 12, `${called} calls of the one that hangs`);
  report(`100 messages of the well one sent beside ${called} calls of the other`);
});

delivery(
  'when an endpoint is gone, removed, off or unsignable then the reason is told and nobody calls on',
  async ({ bench }) => {
    const { outbox } = bench.store;
    const unsigned = { ...WEBHOOK, webhookId: 'whk_unsigned', secretDigest: '0'.repeat(64) };
    await outbox.addWebhook(unsigned);
    await outbox.add([
      low('none', { target: 'whk_none' }),
      low('unsigned', { target: 'whk_unsigned' }),
      low('gone'),
    ]);
    bench.outcomeOf = () => ({ kind: 'refused', reason: 'gone' });
    await bench.drain();
    assert.is((await outbox.findWebhook('whk_1'))?.isEnabled, false);
    await outbox.add([low('off')]);
    await bench.drain();
    const outcomes = await Promise.all(['none', 'unsigned', 'gone', 'off'].map((id) => outbox.find(id)));
    assert.equal(
      outcomes.map((row) => [row?.state, row?.lastOutcome]),
      [
        ['dead', 'webhook_removed'],
        ['waiting', 'secret_lost'],
        ['dead', 'gone'],
        ['dead', 'webhook_disabled'],
      ],
    );
    assert.is(bench.posts.length, 1);
  },
);

delivery(
  'when the server dies between sending and telling then the message is sent again under its id',
  async ({ bench }) => {
    await bench.store.outbox.add([low('msg_1', { channel: 'sms', target: '+254700000001' })]);
    const [lost] = await bench.store.outbox.takeDue(T, T + 30_000, 1);
    assert.is(lost?.notificationId, 'msg_1'); // sent, and then nothing more was heard of that process
    await bench.drain();
    assert.is(bench.sent.length, 0);
    bench.clock.millis += 30_000;
    await bench.drain();
    assert.equal(
      bench.sent.map(({ notificationId }) => notificationId),
      ['msg_1'],
    );
  },
);

delivery(
  'when an attempt throws then it counts as failed, and nothing personal is told of it',
  async ({ bench }) => {
    await bench.store.outbox.add([low('msg_1', { channel: 'email', target: 'secret@person.example' })]);
    bench.outcomeOf = () => {
      throw new Error('secret@person.example bounced');
    };
    await bench.drain();
    assert.is((await bench.store.outbox.find('msg_1'))?.lastOutcome, 'internal_error');
    assert.not.match(JSON.stringify(bench.attempts), /person/);
  },
);

delivery.run();
