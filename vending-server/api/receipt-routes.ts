/** Receipts: in every form, and the proof that one is genuine. */
import { StsFault } from '../../lib/faults.ts';
import { checkAddressOf, checkReceipt } from '../receipt/desk.ts';
import { printJson, printPdf, printText } from '../receipt/print.ts';
import { parseQrText } from '../receipt/seal.ts';
import { findSale } from '../vending/find-sale.ts';
import { receiptOf } from '../vending/receipt-of.ts';
import {
  ReceiptAnswer,
  ReceiptFile,
  type ReceiptFormat,
  ReceiptKeyAnswer,
  ReceiptKeyBody,
  ReceiptKeysAnswer,
  ReceiptQuery,
  VerifyAnswer,
  VerifyQuery,
} from './receipt-schemas.ts';
import { type Answer, json, param, type Route, withBody, withoutBody, withQuery } from './route.ts';

/** What a caller that names no format takes, by the first of these that its Accept header names. */
const BY_MEDIA_TYPE: readonly (readonly [string, ReceiptFormat])[] = [
  ['application/pdf', 'pdf'],
  ['text/plain', 'text48'],
];

export const RECEIPT_ROUTES: readonly Route[] = [
  withQuery({
    path: '/v1/sales/{saleId}/receipt',
    summary: 'The receipt of a sale as JSON, text or PDF, by `format` or by the Accept header',
    permission: 'sale.read',
    query: ReceiptQuery,
    answers: [
      { status: 200, description: 'The receipt', schema: ReceiptAnswer },
      { status: 200, description: 'The receipt', schema: ReceiptFile, contentType: 'text/plain' },
      { status: 200, description: 'The receipt', schema: ReceiptFile, contentType: 'application/pdf' },
    ],
    faults: ['sale_unknown'],
    handle: async ({ vending, receipts }, call) => {
      const { query } = call;
      const sale = await findSale(vending, call.caller, param(call, 'saleId'));
      const { settings, font } = receipts;
      const facts = await receiptOf(vending, sale, settings);
      const options = {
        language: query.lang ?? settings.language,
        isCopy: query.copy === 'true',
        key: receipts.key(),
        checkAddress: checkAddressOf(settings),
      };
      const format = query.format ?? formatOf(call.accept);
      switch (format) {
        case 'json':
          return { status: 200, body: printJson(facts, options) };
        case 'text32':
        case 'text48':
          return text(printText(facts, options, format === 'text32' ? 32 : 48));
        case 'pdf':
          return {
            status: 200,
            contentType: 'application/pdf',
            body: await printPdf(facts, options, query.paper ?? 'roll80', font),
          };
      }
    },
  }),
  withQuery({
    path: '/v1/receipts/verify',
    summary: 'Whether the text of a QR code was signed here; open to all',
    permission: undefined,
    query: VerifyQuery,
    answers: [{ status: 200, description: 'Genuine, or not', schema: VerifyAnswer }],
    faults: [],
    handle: async ({ receipts }, { query }) => {
      const seal = parseQrText(query.code);
      if (seal === undefined) {
        throw new StsFault('request_malformed', 'not the code of a receipt', { param: 'code' });
      }
      const { signature: _signature, ...sealed } = seal;
      const result = await checkReceipt(receipts, seal);
      return json(200, { result, sealed: result === 'genuine' ? sealed : null });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/receipt-keys',
    summary: 'The public keys of receipts, old ones too; open to all',
    permission: undefined,
    answers: [{ status: 200, description: 'Keys', schema: ReceiptKeysAnswer }],
    faults: [],
    handle: async ({ receipts }) =>
      json(200, {
        currentKeyId: receipts.key().keyId,
        keys: (await receipts.publicKeys()).map(({ keyId, publicKey }) => ({ keyId, publicKey })),
      }),
  }),
  withBody({
    method: 'post',
    path: '/v1/receipt-keys',
    summary: 'Sign receipts with a new key from now on; what was signed stays verifiable',
    permission: 'receiptKey.rotate',
    body: ReceiptKeyBody,
    about: ({ reason }) => ({ reason }),
    answers: [{ status: 201, description: 'The new key', schema: ReceiptKeyAnswer }],
    faults: ['data_folder_unusable'],
    handle: async ({ receipts }) => json(201, await receipts.rotate()),
  }),
];

function formatOf(accept: string): ReceiptFormat {
  return BY_MEDIA_TYPE.find(([type]) => accept.includes(type))?.[1] ?? 'json';
}

function text(body: string): Answer {
  return { status: 200, body, contentType: 'text/plain; charset=utf-8' };
}
