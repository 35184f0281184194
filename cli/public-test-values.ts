/**
 * PUBLIC TEST VALUES of the official conformance tests (STS 531-1), printed in every copy of them. They protect nothing:
 * whoever uses them for a real meter gives electricity away.
 */

/** Vending key V2, supply group 201457, key revision 1, base date 2014: used by the sandbox and by the tests. */
export const PUBLIC_TEST_VENDING_KEY = {
  supplyGroupCode: '201457',
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
  keyExpiry: 255,
  activeFrom: '2014-01-01T00:00:00Z',
  issueUntil: '2045-11-24T20:15:00Z',
  vendingKey: 'abababababababab949494949494949401234567',
} as const;

/** Meter P15 of the tests under that key, EA11. */
export const PUBLIC_TEST_METER = {
  drn: '11111111115',
  encryptionAlgorithm: 11,
  decoderKey: '82d24a23ec8c89411b7afdb6bd33bba1',
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
} as const;
