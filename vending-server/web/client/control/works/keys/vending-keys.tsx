import { Fact } from '../fact.tsx';
import { KeyLife } from '../key-life.tsx';
import type { VendingKey } from '../meter-answers.ts';
import { showBaseDate, showDay } from '../show.ts';
import { useSay } from './speech.ts';

interface VendingKeysProps {
  readonly vendingKeys: readonly (VendingKey & { readonly supplyGroupCode: string })[];
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
}

export function VendingKeys({ vendingKeys, now }: VendingKeysProps) {
  const { say, locale } = useSay();
  return (
    <section class="card" aria-labelledby="vending-keys">
      <h2 id="vending-keys">{say('vendingKeys')}</h2>
      <p class="hint">{say('vendingKeysHint')}</p>
      {vendingKeys.length === 0 && <p>{say('none')}</p>}
      {vendingKeys.map((key) => (
        <article
          key={[key.supplyGroupCode, key.keyRevision, key.keyType, key.baseDate, key.checkValue].join()}
          class="group"
        >
          <div class="row wrap">
            <h3>
              {say('supplyGroup')} <span class="digits">{key.supplyGroupCode}</span>
            </h3>
            <span class={`mark ${key.isUsable ? 'good' : 'bad'}`}>
              {say(key.isUsable ? 'usable' : 'notUsable')}
            </span>
          </div>
          <dl>
            <Fact name={say('keyRevision')}>{key.keyRevision}</Fact>
            <Fact name={say('keyType')}>{key.keyType}</Fact>
            <Fact name={say('baseDate')}>{showBaseDate(key.baseDate)}</Fact>
            <Fact name={say('keyExpiry')}>{key.keyExpiry}</Fact>
            <Fact name={say('decoderKeyAlgorithm')}>DKGA0{key.decoderKeyAlgorithm}</Fact>
            <Fact name={say('checkValue')}>{key.checkValue}</Fact>
          </dl>
          <KeyLife vendingKey={key} now={now} />
          {key.warnings.map(({ kind, at }) => (
            <p key={kind} class="notice">
              {say(`warn_${kind}`, { at: showDay(at, locale) })}
            </p>
          ))}
        </article>
      ))}
    </section>
  );
}
