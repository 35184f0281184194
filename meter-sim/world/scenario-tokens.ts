/**
 * The issuer of a scenario: makes the tokens that it describes, with the decoder key that the meter of the scenario has at that
 * time, and remembers them by name so that one can be entered twice. Keys in a scenario are public test keys; they protect nothing.
 */
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { keyChangeSections } from '../../lib/keys/key-change.ts';
import type { MeterFactorySettings } from '../../lib/meter/state.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import type { Token } from '../../lib/token/kinds.ts';
import { nextTidMinutes, tidMinutesAt } from '../../lib/token/tid.ts';
import { encodeToken } from '../../lib/token/token.ts';
import type { KeyChangeFields, TokenFields } from './scenario-schema.ts';

/** XORed into every byte of a key for tokens of another meter. */
const FOREIGN = 0x5a;
const MINUTE_MILLIS = 60_000;

export class ScenarioIssuer {
  #meter: MeterFactorySettings;
  #lastTid = -1;
  readonly #named = new Map<string, string>();

  constructor(meter: MeterFactorySettings) {
    this.#meter = meter;
  }

  /**
   * @param epochSeconds - the moment of issue.
   * @returns 20 digits.
   * @throws StsFault `scenario_malformed` for a name that no token has; what the library refuses.
   */
  token(fields: TokenFields, epochSeconds: number): string {
    if (fields.again !== undefined) {
      const known = this.#named.get(fields.again);
      if (known === undefined) {
        throw new StsFault('scenario_malformed', `no token before it is named "${fields.again}"`, {
          param: 'again',
        });
      }
      return known;
    }
    const tokenNo = this.#encode(this.#tokenOf(fields, epochSeconds), fields.foreign === true);
    if (fields.name !== undefined) this.#named.set(fields.name, tokenNo);
    return tokenNo;
  }

  /** @returns the sections asked for, 20 digits each; the issuer then uses the new key, when all of them were. */
  keyChange(fields: KeyChangeFields): readonly string[] {
    const meter = this.#meter;
    const change = {
      newDecoderKey: fields.newDecoderKey.toLowerCase(),
      keyExpiry: fields.keyExpiry ?? meter.keyExpiry,
      keyRevision: fields.keyRevision ?? meter.keyRevision,
      keyType: fields.keyType ?? meter.keyType,
      tariffIndex: fields.tariffIndex ?? meter.tariffIndex,
      supplyGroupCode: fields.supplyGroupCode ?? meter.supplyGroupCode,
      rollOver: fields.rollOver ?? false,
      threeSections: false,
    };
    const sections = keyChangeSections(meter.encryptionAlgorithm, change);
    const wanted = fields.sections ?? sections.map((_, index) => index + 1);
    const digits = wanted.map((number) => {
      const section = sections[number - 1];
      if (section === undefined) {
        throw new StsFault('scenario_malformed', `this key change has ${sections.length} sections`, {
          param: 'sections',
        });
      }
      return this.#encode(section, false);
    });
    if (new Set(wanted).size === sections.length) {
      const { newDecoderKey, rollOver: _, threeSections: __, ...attributes } = change;
      this.#meter = { ...meter, ...attributes, decoderKey: newDecoderKey };
    }
    return digits;
  }

  #tokenOf(fields: TokenFields, epochSeconds: number): Token {
    const { kwh, clearCredit, powerLimitWatt, minutesAgo = 0 } = fields;
    const issued = tidMinutesAt(epochSeconds * 1000 - minutesAgo * MINUTE_MILLIS, this.#meter.baseDate);
    // A token of the past has the identifier of its minute; one of now rises above the last.
    const tidMinutes = nextTidMinutes(issued, minutesAgo > 0 ? -1 : this.#lastTid);
    this.#lastTid = Math.max(this.#lastTid, tidMinutes);
    const issue = { tidMinutes, rnd: tidMinutes & 15 };
    if (kwh !== undefined)
      return { kind: 'creditElectricity', ...issue, amountDeciKwh: Math.round(kwh * 10) };
    if (clearCredit !== undefined) return { kind: 'clearCredit', ...issue, registerCode: clearCredit };
    if (powerLimitWatt !== undefined)
      return { kind: 'setMaximumPowerLimit', ...issue, limitWatt: powerLimitWatt };
    return { kind: 'clearTamper', ...issue };
  }

  #encode(token: Token, isForeign: boolean): string {
    const key = bytesFromHex(this.#meter.decoderKey);
    const cipher = createTokenCipher(
      this.#meter.encryptionAlgorithm,
      isForeign ? key.map((byte) => byte ^ FOREIGN) : key,
    );
    return encodeToken(token, cipher).tokenNo;
  }
}
