/** What a customer reads of what was given without money: the slip and the short message, in each language. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, type Language } from '../../../vending-server/language/catalogue.ts';
import { messageOf } from '../../../vending-server/notify/message.ts';
import type { ReceiptDesk } from '../../../vending-server/receipt/desk.ts';
import { printText } from '../../../vending-server/receipt/print.ts';
import type { ReceiptSettings } from '../../../vending-server/receipt/settings.ts';
import type { RecordedSale } from '../../../vending-server/store/contract.ts';
import type { Notification } from '../../../vending-server/store/outbox.ts';
import { changeOutMeter } from '../../../vending-server/vending/change-out.ts';
import { issueCommands } from '../../../vending-server/vending/engineering.ts';
import { issueFree } from '../../../vending-server/vending/free-issue.ts';
import { giveFreeUnits } from '../../../vending-server/vending/free-units.ts';
import type { Given } from '../../../vending-server/vending/given.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { receiptOf } from '../../../vending-server/vending/receipt-of.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { replaceToken } from '../../../vending-server/vending/replacement.ts';
import type { SaleResponse } from '../../../vending-server/vending/sale-response.ts';
import {
  furnish,
  type House,
  newDataFolder,
  openHouse,
  removeFolder,
  TERMS,
  VENDOR_ID,
} from '../furnished.ts';
import { FACTS, SAMPLE_KEY } from '../receipt/sample.ts';
import { ANN, approve, askPersons, BEN, meterAt, registerAll } from '../vending/utility.ts';

interface Context {
  dataFolder: string;
  house: House;
  /** By kind. */
  sales: Record<string, RecordedSale>;
}

const test = suite<Context>('words of what is given');

const SETTINGS: ReceiptSettings = {
  utility: FACTS.utility,
  message: null,
  vatInvoicePrefix: null,
  language: 'en',
  publicUrl: null,
  fontFile: null,
};
const RECEIPTS: ReceiptDesk = {
  settings: SETTINGS,
  font: undefined,
  key: () => SAMPLE_KEY,
  rotate: async () => SAMPLE_KEY,
  publicKeys: async () => [SAMPLE_KEY],
  findKey: async () => SAMPLE_KEY,
};
const [FIRST, NEXT, THIRD] = [meterAt(0), meterAt(1), meterAt(2)];

test.before(async (context) => {
  context.dataFolder = newDataFolder();
  context.house = await openHouse(context.dataFolder);
  const { vending } = context.house;
  await recover(vending);
  await furnish(vending, 100_000);
  await putTariff(vending, { tariffId: 'free', terms: { ...TERMS, freeUnitsDeciKwh: 500 } });
  await registerAll(vending, [FIRST, NEXT, THIRD], 'free');
  const units = await giveFreeUnits(vending, { vendorId: VENDOR_ID, requestId: 'f', meter: FIRST.drn });
  const { saleId } = units.sale;
  const lost = { requestId: 'r', saleId, token: 1, reasonCode: 'lost', reason: 'Slip was wet' } as const;
  const asked = await replaceToken(vending, ANN, lost);
  const replaced = await replaceToken(vending, ANN, {
    ...lost,
    approvalId: await approve(vending, asked, BEN),
  });
  await askPersons(vending, '1');
  const meter = FIRST.drn;
  const why = { reason: '' };
  const issued = await issueFree(vending, ANN, {
    ...{ requestId: 'i', meter, amount: { amountDeciKwh: 250 } },
    ...{ reasonCode: 'outage', ...why },
  });
  const commanded = await issueCommands(vending, ANN, {
    requestId: 'e',
    meter,
    tokens: [
      { kind: 'setMaximumPowerLimit', limitWatt: 8000 },
      { kind: 'clearCredit', registerCode: 4 },
      { kind: 'setFlag', flag: 3, isSet: true },
      { kind: 'setControl', index: 2, valueRaw: 9 },
    ],
    reasonCode: 'commissioning',
    ...why,
  });
  const moved = await changeOutMeter(vending, ANN, {
    ...{ requestId: 'c', oldMeter: meter, newMeter: NEXT.drn, remaining: { amountDeciKwh: 900 } },
    ...{ allowAboveSold: true, reasonCode: 'damaged', ...why },
  });
  const empty = await changeOutMeter(vending, ANN, {
    ...{ requestId: 'd', oldMeter: NEXT.drn, newMeter: THIRD.drn, remaining: { amountDeciKwh: 0 } },
    ...{ allowAboveSold: false, reasonCode: 'upgrade', ...why },
  });
  const sale = (given: Given) => {
    if (given.kind !== 'given') throw new Error('it waits for a second person');
    return given.sale;
  };
  context.sales = {
    freeBasic: units.sale,
    replacement: sale(replaced),
    freeIssue: sale(issued),
    engineering: sale(commanded),
    transfer: sale(moved),
    empty: sale(empty),
  };
});
test.after(async ({ dataFolder, house }) => {
  await house.close();
  removeFolder(dataFolder);
});

/** One blank between words, so that it does not matter where a slip breaks its lines. */
const plain = (text: string) => text.replace(/\s+/g, ' ');

async function slip({ house, sales }: Context, name: string, language: Language, width: 32 | 48) {
  const sale = sales[name]!;
  const facts = await receiptOf(house.vending, sale, SETTINGS);
  const options = { language, isCopy: false, key: SAMPLE_KEY, checkAddress: null };
  const text = printText(facts, options, width);
  assert.ok(
    text.split('\n').every((line) => line.length <= width),
    `${name} ${language} ${width}`,
  );
  return text;
}

async function sms({ house, sales }: Context, name: string, language: Language): Promise<string> {
  const notification = {
    notificationId: 'msg_1',
    kind: 'sale.completed',
    channel: 'sms',
    target: '+27820000000',
    language,
    saleId: sales[name]!.saleId,
    facts: null,
  } as unknown as Notification;
  const { text } = await messageOf({ store: house.store, receipts: RECEIPTS }, notification);
  return text;
}

/** What stands on the slip of each kind, by language. */
const SLIPS: Readonly<Record<string, Readonly<Record<Language, readonly string[]>>>> = {
  freeBasic: {
    en: ['Given without charge', 'The free electricity of this month.'],
    fr: ['Donné sans frais', "L'électricité gratuite de ce mois."],
    sw: ['Imetolewa bila malipo', 'Umeme wa bure wa mwezi huu.'],
  },
  replacement: {
    en: ['Do not key in the old one.', 'lost', 'Slip was wet', 'ben', 'Issued by'],
    fr: ["Ne saisissez pas l'ancien.", 'perdu', 'Slip was wet', 'ben', 'Délivré par'],
    sw: ['Usiingize ya zamani.', 'imepotea', 'Slip was wet', 'ben', 'Imetolewa na'],
  },
  freeIssue: {
    en: ['power outage', '25.0 kWh'],
    fr: ['panne de courant', '25,0 kWh'],
    sw: ['kukatika kwa umeme', '25.0 kWh'],
  },
  engineering: {
    en: ['power limit 8000 W', 'clear credit (electricity in money)', 'flag 3 on', 'control 2 to 9'],
    fr: ['limite de puissance 8000 W', 'effacer le crédit (électricité en argent)', 'indicateur 3 activé'],
    sw: ['kikomo cha nguvu 8000 W', 'futa salio (umeme kwa pesa)', 'bendera 3 imewashwa'],
  },
  transfer: {
    en: [`The credit that was left on meter ${FIRST.drn}.`, 'More than was sold to that meter', 'damaged'],
    fr: [`restait sur le compteur ${FIRST.drn}.`, "Plus qu'il n'a été vendu", 'endommagé'],
    sw: [`lililobaki kwenye mita ${FIRST.drn}.`, 'Zaidi ya kilichouzwa', 'imeharibika'],
  },
  empty: {
    en: ['No credit was left to move.', 'upgrade'],
    fr: ['Il ne restait pas de crédit à transférer.', 'modernisation'],
    sw: ['Hakukuwa na salio la kuhamisha.', 'uboreshaji'],
  },
};

test('the slip says what was given and why, in each language, and reckons nothing', async (context) => {
  for (const [name, byLanguage] of Object.entries(SLIPS)) {
    for (const language of LANGUAGES) {
      for (const width of [32, 48] as const) {
        const text = plain(await slip(context, name, language, width));
        for (const said of byLanguage[language])
          assert.ok(text.includes(said), `${name} ${language} ${width}: ${said}\n${text}`);
        assert.not.match(text, /undefined|null|\{|\}/);
      }
    }
    const text = await slip(context, name, 'en', 48);
    assert.not.match(text, /How your payment/);
    const { tokens } = JSON.parse(context.sales[name]!.responseBody) as SaleResponse;
    for (const { tokenNoGrouped } of tokens) assert.ok(text.includes(tokenNoGrouped), name);
  }
});

test('who gave it is the utility, whatever the books call that vendor; who sold it is the shop', async (context) => {
  assert.match(await slip(context, 'freeIssue', 'en', 48), /Issued by +Thaba Municipality/);
  assert.match(await slip(context, 'freeBasic', 'en', 48), /Issued by +Corner shop/);
});

test('the short message has the tokens in their order, in each language, and one without tokens says so', async (context) => {
  for (const language of LANGUAGES) {
    for (const [name, { responseBody }] of Object.entries(context.sales)) {
      const text = await sms(context, name, language);
      const { tokens } = JSON.parse(responseBody) as SaleResponse;
      const places = tokens.map(({ tokenNoGrouped }) => text.indexOf(tokenNoGrouped));
      assert.ok(
        places.every((place, index) => place > (places[index - 1] ?? 0)),
        `${name}: ${text}`,
      );
      assert.not.match(text, /undefined|null|\{|\}/);
    }
  }
  const [en, fr, sw] = await Promise.all(
    (['en', 'fr', 'sw'] as const).map((language) => sms(context, 'empty', language)),
  );
  const end = (text = '') => text.replace(/[0-9a-f]{8}-\d+/, 'N').slice('Thaba Municipality'.length);
  const [old, next] = [NEXT.drn, THIRD.drn];
  assert.equal([en, fr, sw].map(end), [
    `: meter ${next} has taken the place of meter ${old}. No credit was left. Receipt N.`,
    ` : le compteur ${next} remplace le compteur ${old}. Il n'y restait pas de crédit. Reçu N.`,
    `: mita ${next} imechukua nafasi ya mita ${old}. Hakukuwa na salio. Risiti N.`,
  ]);
  const commands = plain(await sms(context, 'engineering', 'en'));
  assert.ok(
    commands.includes('power limit 8000 W + clear credit (electricity in money) + flag 3 on'),
    commands,
  );
});

test.run();
