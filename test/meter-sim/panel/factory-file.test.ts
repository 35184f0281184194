import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { parseFactoryFile } from '../../../meter-sim/panel/factory-file.ts';

const test = suite('meter-sim/panel/factory-file');

/** Meter and key of the published conformance tests. */
const GOOD = {
  drn: '11111111115',
  encryptionAlgorithm: 11,
  decoderKey: '82D24A23EC8C89411B7AFDB6BD33BBA1',
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
};

test('factory settings become the settings of the firmware', () => {
  const settings = parseFactoryFile(GOOD);
  assert.is(settings.decoderKey, GOOD.decoderKey.toLowerCase());
  assert.is(settings.meterPan.length, 18);
  assert.is(settings.meterPan.slice(6, 17), GOOD.drn);
});

test('what is wrong is named and the key is never quoted', () => {
  const cases: readonly [unknown, string, string | undefined][] = [
    [undefined, 'request_malformed', 'factory'],
    ['text', 'request_malformed', 'factory'],
    [[], 'request_malformed', 'factory'],
    [{ ...GOOD, drn: undefined }, 'request_malformed', 'drn'],
    [{ ...GOOD, drn: '11111111116' }, 'meter_number_check_digit', 'meter'],
    [{ ...GOOD, drn: 'abc' }, 'meter_number_malformed', 'meter'],
    [{ ...GOOD, encryptionAlgorithm: 9 }, 'algorithm_not_supported', 'encryptionAlgorithm'],
    [{ ...GOOD, encryptionAlgorithm: 7 }, 'request_malformed', 'decoderKey'],
    [{ ...GOOD, decoderKey: `${GOOD.decoderKey.slice(0, 31)}x` }, 'request_malformed', 'decoderKey'],
    [{ ...GOOD, decoderKey: 82 }, 'request_malformed', 'decoderKey'],
    [{ ...GOOD, keyType: 4 }, 'request_malformed', 'keyType'],
    [{ ...GOOD, keyRevision: 0 }, 'request_malformed', 'keyRevision'],
    [{ ...GOOD, keyExpiry: Number.NaN }, 'request_malformed', 'keyExpiry'],
    [{ ...GOOD, supplyGroupCode: '20145' }, 'supply_group_malformed', 'supplyGroupCode'],
    [{ ...GOOD, tariffIndex: 100 }, 'request_malformed', 'tariffIndex'],
    [{ ...GOOD, baseDate: '24' }, 'request_malformed', 'baseDate'],
  ];
  for (const [content, code, param] of cases) {
    assert.throws(
      () => parseFactoryFile(content),
      (error: unknown) =>
        isStsFault(error) &&
        error.code === code &&
        error.param === param &&
        !error.message.toUpperCase().includes(GOOD.decoderKey.slice(0, 8)),
      JSON.stringify(content),
    );
  }
});

test.run();
