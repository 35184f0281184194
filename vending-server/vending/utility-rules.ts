/** What the utility has set that a sale must obey, remembered as long as nothing was set since. */
import {
  CASH_ROUNDING,
  KEY_CHANGE,
  KEY_CHANGE_UNCONFIRMED,
  TIME_ZONE,
  TIME_ZONE_DEFAULT,
} from '../people/settings.ts';
import type { Store } from '../store/contract.ts';
import { DEFAULT_KEY_POLICY, type KeyPolicy } from './key-plan.ts';

/** Where other servers set things too, what they have set counts here after so long. */
const REMEMBERED_MILLIS = 1000;

type Settings = Readonly<Record<string, string>>;

export class UtilityRules {
  readonly #store: Pick<Store, 'people' | 'settingsVersion'>;
  #held:
    | { readonly version: number | undefined; readonly at: number; readonly settings: Settings }
    | undefined;

  constructor(store: Pick<Store, 'people' | 'settingsVersion'>) {
    this.#store = store;
  }

  async timeZone(): Promise<string> {
    return (await this.#settings())[TIME_ZONE] ?? TIME_ZONE_DEFAULT;
  }

  async keyPolicy(): Promise<KeyPolicy> {
    const settings = await this.#settings();
    return {
      keyChange: (settings[KEY_CHANGE] as KeyPolicy['keyChange'] | undefined) ?? DEFAULT_KEY_POLICY.keyChange,
      unconfirmed:
        (settings[KEY_CHANGE_UNCONFIRMED] as KeyPolicy['unconfirmed'] | undefined) ??
        DEFAULT_KEY_POLICY.unconfirmed,
    };
  }

  /** The smallest coin that tills have, minor units; 1 where every amount can be paid. */
  async cashRoundingMinor(currency: string): Promise<number> {
    return Number((await this.#settings())[`${CASH_ROUNDING}.${currency}`] ?? 1);
  }

  async #settings(): Promise<Settings> {
    const version = this.#store.settingsVersion();
    const at = performance.now();
    const held = this.#held;
    const isCurrent = held !== undefined && held.version === version;
    if (isCurrent && (version !== undefined || at - held.at < REMEMBERED_MILLIS)) {
      return held.settings;
    }
    const settings = await this.#store.people.settings();
    this.#held = { version, at, settings };
    return settings;
  }

  /** To be called when this server has set something. */
  forget(): void {
    this.#held = undefined;
  }
}
