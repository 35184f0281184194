/**
 * The published inputs and results that the vector files are made of. Every number here stands in a public document or in
 * `sts-531-1.json`; what our own code adds on the way are the middle values, and a test regenerates both.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const attributes = {
  vk: z.string(),
  pan: z.string(),
  sgc: z.string(),
  krn: z.int(),
  ti: z.string(),
  kt: z.int(),
  bdt: z.enum(['93', '14', '35']),
  decoderKey: z.string(),
};

const schema = z.object({
  about: z.string(),
  tokens_ed2_2: z.array(
    z.object({
      case: z.string(),
      name: z.string(),
      ea: z.union([z.literal(7), z.literal(11)]),
      dkga: z.union([z.literal(2), z.literal(4)]),
      ...attributes,
      issued: z.string(),
      /** Absent where the value is a register code or raw bits. */
      input: z.string().nullable(),
      cls: z.int(),
      sub: z.int(),
      rnd: z.int().optional(),
      sAndE: z.int().optional(),
      tid: z.int(),
      value: z.string(),
      block: z.string(),
      token: z.string(),
    }),
  ),
  keychange_ed2_2: z.array(
    z.object({
      case: z.string(),
      ea: z.union([z.literal(7), z.literal(11)]),
      dkga: z.union([z.literal(2), z.literal(4)]),
      old: z.object(attributes),
      new: z.object(attributes),
      ken: z.int(),
      ro: z.int(),
      threeKct: z.boolean(),
      tokens: z.array(z.object({ token: z.string(), block: z.string() })),
    }),
  ),
  class1: z.array(
    z.object({
      sub: z.int(),
      test: z.int().optional(),
      note: z.string().optional(),
      control: z.string(),
      mfrCode: z.int(),
      block: z.string(),
      token: z.string(),
    }),
  ),
});

export const STS_531_1 = schema.parse(
  JSON.parse(readFileSync(new URL('./sts-531-1.json', import.meta.url), 'utf8')),
);

/** DES: the substitution table known answer test of NIST SP 800-17, which reads every entry of the S-boxes. */
// biome-ignore format: key, plaintext, ciphertext
export const DES_SUBSTITUTION_TABLE_TEST = [
  ['7ca110454a1a6e57', '01a1d6d039776742', '690f5b0d9a26939b'],
  ['0131d9619dc1376e', '5cd54ca83def57da', '7a389d10354bd271'],
  ['07a1133e4a0b2686', '0248d43806f67172', '868ebb51cab4599a'],
  ['3849674c2602319e', '51454b582ddf440a', '7178876e01f19b2a'],
  ['04b915ba43feb5b6', '42fd443059577fa2', 'af37fb421f8c4095'],
  ['0113b970fd34f2ce', '059b5e0851cf143a', '86a560f10ec6d85b'],
  ['0170f175468fb5e6', '0756d8e0774761d2', '0cd3da020021dc09'],
  ['43297fad38e373fe', '762514b829bf486a', 'ea676b2cb7db2b7a'],
  ['07a7137045da2a16', '3bdd119049372802', 'dfd64a815caf1a0f'],
  ['04689104c2fd3b2f', '26955f6835af609a', '5c513c9c4886c088'],
  ['37d06bb516cb7546', '164d5e404f275232', '0a2aeeae3ff4ab77'],
  ['1f08260d1ac2465e', '6b056e18759f5cca', 'ef1bf03e5dfa575a'],
  ['584023641aba6176', '004bd6ef09176062', '88bf0db6d70dee56'],
  ['025816164629b007', '480d39006ee762f2', 'a1f9915541020b56'],
  ['49793ebc79b3258f', '437540c8698f3cfa', '6fbf1cafcffd0556'],
  ['4fb05e1515ab73a7', '072d43a077075292', '2f22e49bab7ca1ac'],
  ['49e95d6d4ca229bf', '02fe55778117f12a', '5a6b612cc26cce4a'],
  ['018310dc409b26d6', '1d9d5c5018f728c2', '5f4c038ed12b2e41'],
  ['1c587f1c13924fef', '305532286d6f295a', '63fac0d034d9f793'],
] as const;

/** RFC 2994 Appendix A: two blocks in electronic codebook, and the same two chained from IV 0102030405060708. */
export const MISTY1_RFC_2994 = {
  key: '00112233445566778899aabbccddeeff',
  iv: '0102030405060708',
  messages: ['0123456789abcdef', 'fedcba9876543210'],
  ecb: ['8b1da5f56ab3d07c', '04b68240b13be95d'],
  cbc: ['461c1e879c18c27f', 'b9adf2d80c89031f'],
} as const;

/** The coding table of sts.md 2.3: units asked for, field, units carried. */
// biome-ignore format: one row a line
export const AMOUNTS = [
  [0, '0000', 0], [1, '0001', 1], [256, '0100', 256], [16_383, '3fff', 16_383],
  [16_384, '4000', 16_384], [16_385, '4001', 16_394], [20_000, '416a', 20_004], [180_214, '7fff', 180_214],
  [180_223, '8000', 180_224], [180_224, '8000', 180_224], [180_225, '8001', 180_324],
  [1_818_525, 'c000', 1_818_624], [1_818_623, 'c000', 1_818_624], [18_201_624, 'ffff', 18_201_624],
] as const;

/** Reckoned by the formula of sts.md 2.3: the ends of each exponent's range and of the gap above it. */
// biome-ignore format: one row a line
export const AMOUNT_ENDS = [
  [2, '0002', 2], [16_382, '3ffe', 16_382], [16_394, '4001', 16_394], [16_395, '4002', 16_404],
  [180_204, '7ffe', 180_204], [180_205, '7fff', 180_214], [180_215, '8000', 180_224], [180_324, '8001', 180_324],
  [1_818_424, 'bffe', 1_818_424], [1_818_425, 'bfff', 1_818_524], [1_818_524, 'bfff', 1_818_524],
  [1_818_624, 'c000', 1_818_624], [1_818_625, 'c001', 1_819_624], [18_200_624, 'fffe', 18_200_624],
  [18_200_625, 'ffff', 18_201_624], [18_201_623, 'ffff', 18_201_624],
] as const;

/** CRC examples of the STSA's public cryptography page, and the register of the first official token. */
export const CRCS = [
  { kind: 'crc', tokenClass: 0, msg: '004a2d900ff2', crc: '0ffa', comment: 'example of the STSA' },
  { kind: 'crcC', tokenClass: 0, msg: '004a2d900ff2', crc: '7bc4', comment: 'example of the STSA, CRC_C' },
  { kind: 'crc', tokenClass: 0, msg: '05014eec0001', crc: '3188', comment: 'CTSA01 step 1' },
] as const;

/** The three PANs of the official tests, and the two DRNs that CTSA17 wants refused. */
export const METER_NUMBERS = {
  pans: ['600727000000000009', '000001000000000082', '600727111111111153'],
  refused: ['12345678904', '11111111113'],
} as const;

/** The known keys of sts.md 6.5, from the official cases of Ed 1.0 and Ed 2.2; all KT 2. DKGA02 does not read the base date. */
// biome-ignore format: DKGA, EA, vending key, meter, SGC, KRN, TI, base date, decoder key
export const KNOWN_KEYS = [
  [2, 7, 'V1', 'P11', '123456', 1, 1, '93', 'e653341f9d5bf36f'],
  [2, 7, 'V1', 'P11', '123456', 1, 2, '93', '060b8643c59a27f1'],
  [2, 7, 'V1', 'P13', '123456', 1, 1, '93', 'e94023262e9993c2'],
  [4, 7, 'V2', 'P11', '123457', 1, 1, '93', 'aa4baa8749c10d27'],
  [4, 7, 'V2', 'P11', '123457', 4, 1, '14', '9dc0722c29a6cc0c'],
  [4, 7, 'V2', 'P11', '123457', 5, 1, '35', 'b08205e074afc5d6'],
  [4, 7, 'V2', 'P13', '123457', 4, 1, '14', '15869166a863d810'],
  [4, 7, 'V2', 'P11', '201457', 1, 1, '14', '87f3ecbb2e46b48f'],
  [4, 7, 'V2', 'P11', '201457', 1, 2, '14', '7f78cdd220be39b8'],
  [4, 7, 'V2', 'P11', '201457', 2, 1, '14', 'adbee1711ef561b6'],
  [4, 7, 'V2', 'P11', '201457', 4, 1, '14', 'ab3cc73a67364f14'],
  [4, 7, 'V2', 'P13', '201457', 1, 1, '14', 'b06e35e2c870802b'],
  [4, 7, 'V2', 'P13', '201457', 1, 2, '14', 'c69924f545016907'],
  [4, 7, 'V2', 'P11', '201461', 8, 1, '14', '4ed184b90b620edc'],
  [4, 7, 'V2', 'P15', '201460', 7, 1, '14', '09356dc4d07b671f'],
  [4, 7, 'V2', 'P15', '201461', 8, 1, '14', '65c300341ccda9c4'],
  [4, 7, 'V3', 'P15', '201462', 1, 1, '14', 'a7572c1ab401d635'],
  [4, 7, 'V2', 'P11', '203557', 6, 1, '35', '8fbfa995248bf7f8'],
  [4, 7, 'V2', 'P11', '203557', 6, 2, '35', 'bdc28dcf6005434d'],
  [4, 7, 'V2', 'P15', '203557', 6, 2, '35', '501c4e7530917924'],
  [4, 11, 'V2', 'P11', '123457', 1, 1, '93', 'f94b6ed353c3bfdb113e2d3a7ea3c41d'],
  [4, 11, 'V2', 'P11', '123457', 1, 2, '93', 'b208834372ef892ef6e04c28593090d4'],
  [4, 11, 'V2', 'P11', '123457', 2, 1, '93', '9ca924e05d4d647026b55a4bbba54bdf'],
  [4, 11, 'V2', 'P11', '123457', 7, 1, '93', '14bd465dfa42bccf419b85f111d142f9'],
  [4, 11, 'V2', 'P11', '123457', 4, 1, '14', 'daa892189d08e738dfded73924c87f32'],
  [4, 11, 'V2', 'P11', '123457', 5, 1, '35', '92666e9f0478a17770614c1c5fce9d46'],
  [4, 11, 'V2', 'P11', '123461', 1, 1, '93', '62c1f3b0f96eac42ad670f20f52d7746'],
  [4, 11, 'V2', 'P13', '123457', 1, 1, '93', '290e2626f5a0d106aad1aab6411589df'],
  [4, 11, 'V2', 'P11', '201457', 1, 1, '14', '929bd3a415c9420a05ec5ee9f3ce91c3'],
  [4, 11, 'V2', 'P11', '201457', 1, 2, '14', 'b199270a77af96d3156c51b0964a8782'],
  [4, 11, 'V2', 'P13', '201457', 1, 1, '14', '8a9f428834f5e13a3ad3d24c45b1a21a'],
  [4, 11, 'V2', 'P13', '201457', 1, 2, '14', '9ff5f5db5d1fbe27a65b12c8243a2dd2'],
  [4, 11, 'V2', 'P15', '201457', 1, 1, '14', '82d24a23ec8c89411b7afdb6bd33bba1'],
  [4, 11, 'V2', 'P15', '201460', 7, 1, '14', 'c2846614729db38db8e4dd24ef432f1a'],
  [4, 11, 'V2', 'P15', '201461', 8, 1, '14', '246df53c9f61cbebe9a701cfcfdd5ef1'],
  [4, 11, 'V2', 'P11', '203557', 6, 1, '35', '7e037bf6fe9a96eeffb9836415c7b71f'],
  [4, 11, 'V2', 'P11', '203557', 6, 2, '35', '39fa45a353cb729549dc515a68a25c98'],
  [4, 11, 'V2', 'P15', '203557', 6, 2, '35', '207217cb056d8f3d290dbf3a8b46094f'],
] as const;

/** PUBLIC TEST KEYS, and the meters of the official tests, by the names of sts.md 6.5 and 1.1. */
export const KNOWN_VENDING_KEYS = {
  V1: 'abababababababab',
  V2: 'abababababababab949494949494949401234567',
  V3: '949494949494949401234567abababababababab',
} as const;
export const KNOWN_METERS = {
  P11: '600727000000000009',
  P13: '000001000000000082',
  P15: '600727111111111153',
} as const;
