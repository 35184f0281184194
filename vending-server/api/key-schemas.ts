/** What goes over the wire about keys of meters: key changes, wanted keys, and how far a campaign has come. */
import { z } from 'zod';
import { KEY_STATES } from '../vending/key-report.ts';
import { MeterAnswer } from './meter-schemas.ts';
import { Id, KeyExpiry, KeyName, Text } from './schemas.ts';
import { SendTo } from './send-to.ts';

const Time = z.iso.datetime();
export const SupplyGroupCode = z.string().regex(/^[0-9]{6}$/);
const TariffIndex = z.int().min(0).max(99);
const MeterPan = z.string().regex(/^[0-9]{18}$/);
const SaleId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const Figure = z.int().min(0);

export const KeyChangeBody = z.strictObject({
  requestId: Id,
  operatorId: Id.optional(),
  tillId: Id.optional(),
  shiftId: Id.optional(),
  reason: Text.optional(),
  sendTo: SendTo.optional(),
});

export const KeyChangeAnswer = z.strictObject({
  saleId: SaleId,
  meterPan: MeterPan,
  changedAt: Time,
  from: KeyName,
  to: KeyName,
  threeSections: z.boolean(),
  vendorId: z.string(),
  operatorId: z.string().nullable(),
  /** When and by whom the meter was seen on its new key. */
  confirmedAt: Time.nullable(),
  confirmedBy: z.string().nullable(),
  /** When and by whom it was seen on the key before; its record went back to that one. */
  revokedAt: Time.nullable(),
  revokedBy: z.string().nullable(),
});
/** Newest first: before the set of this sale. */
export const KeyChangesQuery = z.strictObject({
  before: SaleId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const KeyChangesAnswer = z.strictObject({
  keyChanges: z.array(KeyChangeAnswer),
  /** `before` of the next page; null on the last one. */
  next: SaleId.nullable(),
});
export const RevocationBody = z.strictObject({ reason: Text });

const NONE_GIVEN = { message: 'Invalid request: expected something to change' };
/** What is left out stays as the meter has it; null takes back what was wanted. */
const WantedKey = z
  .strictObject({ supplyGroupCode: SupplyGroupCode.optional(), tariffIndex: TariffIndex.optional() })
  .refine(({ supplyGroupCode, tariffIndex }) => supplyGroupCode !== undefined || tariffIndex !== undefined, {
    ...NONE_GIVEN,
    path: ['supplyGroupCode'],
  })
  .nullable();
export const WantedKeyBody = z.strictObject({ wantedKey: WantedKey });
export const GroupWantedKeyBody = z.strictObject({
  wantedKey: WantedKey,
  /** Only meters that have this tariff index now. */
  fromTariffIndex: TariffIndex.optional(),
  /** `next` of the batch before; left out to begin. */
  after: MeterPan.optional(),
  /** How many meters one batch looks at. */
  limit: z.int().min(1).max(1000).default(500),
});
export const GroupWantedKeyAnswer = z.strictObject({
  supplyGroupCode: SupplyGroupCode,
  looked: Figure,
  changed: Figure,
  /** Meters that no key of the wanted group is for; they are left as they were. */
  refused: Figure,
  next: MeterPan.nullable(),
});

export const MeterSettingsBody = z
  .strictObject({
    keyExpiry: KeyExpiry.nullable().optional(),
    storesSupplyGroup: z.boolean().optional(),
    tokenCarrierType: z.int().min(0).max(99).optional(),
    /** For a tariff administrator. */
    tariffId: Id.optional(),
  })
  .refine((settings) => Object.values(settings).some((value) => value !== undefined), {
    ...NONE_GIVEN,
    path: ['keyExpiry'],
  });

const State = z.enum(KEY_STATES);
const reported = {
  keyRevision: z.int(),
  keyType: z.int(),
  baseDate: z.string(),
  decoderKeyAlgorithm: z.int(),
  checkValue: z.string(),
  activeFrom: Time,
  issueUntil: Time,
  keyExpiry: KeyExpiry,
  /** The last minute that the key's KEN reaches, and its base date. */
  expiresAt: Time,
  baseDateEndsAt: Time,
  isUsable: z.boolean(),
  /** Ends that are over or less than 90 days away. */
  warnings: z.array(z.strictObject({ kind: z.enum(['keyExpires', 'baseDateEnds', 'issueUntil']), at: Time })),
};
const VendingKey = z.strictObject(reported);
/** Attributes and a check value; never the key. */
export const VendingKeysAnswer = z.strictObject({
  vendingKeys: z.array(z.strictObject({ supplyGroupCode: SupplyGroupCode, ...reported })),
});
export const KeyReportAnswer = z.strictObject({
  at: Time,
  supplyGroups: z.array(
    z.strictObject({
      supplyGroupCode: SupplyGroupCode,
      meters: Figure,
      /** Each meter is in one of them. */
      states: z.strictObject({
        due: Figure,
        refused: Figure,
        unconfirmed: Figure,
        confirmed: Figure,
        current: Figure,
      }),
      /** Meters of which another supply group or tariff index is wanted. */
      wanted: Figure,
      keys: z.array(
        z.strictObject({
          baseDate: z.string(),
          keyRevision: z.int(),
          keyType: z.int(),
          tariffIndex: TariffIndex,
          meters: Figure,
        }),
      ),
      refusals: z.array(z.strictObject({ refusal: z.string(), meters: Figure })),
      vendingKeys: z.array(VendingKey),
    }),
  ),
});

export const KeyListQuery = z.strictObject({
  /** One state, or all in which something is left to do. */
  state: z.enum(['toDo', ...KEY_STATES]).default('toDo'),
  supplyGroup: SupplyGroupCode.optional(),
  /** `next` of the page before. */
  after: MeterPan.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});
const KeyListRow = z.strictObject({
  drn: z.string(),
  meterPan: MeterPan,
  state: State,
  /** Why no key change leads on. */
  refusal: z.string().nullable(),
  key: KeyName.omit({ keyExpiry: true }).extend({ keyExpiry: KeyExpiry.nullable() }),
  wantedKey: MeterAnswer.shape.wantedKey,
  planned: z
    .strictObject({ to: KeyName, sections: z.int(), rollOver: z.boolean(), reasons: z.array(z.string()) })
    .nullable(),
  lastPurchaseAt: Time.nullable(),
  /** The last key change that stands. */
  lastChange: z.strictObject({ saleId: SaleId, changedAt: Time, isConfirmed: z.boolean() }).nullable(),
});
export const KeyListAnswer = z.strictObject({
  meters: z.array(KeyListRow),
  /** Where to go on; a page with few meters or none may have more behind it. null when all have been looked at. */
  next: MeterPan.nullable(),
});
/** Of one meter, with the vending key that its record names, where the module holds it. */
export const MeterKeyStateAnswer = KeyListRow.extend({ vendingKey: VendingKey.nullable() });
export const CsvFile = z.string();
