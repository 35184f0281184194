import { call } from '../../../api.ts';
import { ActForm, type Field, type Values } from '../act-form.tsx';
import { Fact } from '../fact.tsx';
import type { Meter } from '../meter-answers.ts';
import type { MeterCardProps } from './card-props.ts';
import { useSay } from './speech.ts';

type Say = ReturnType<typeof useSay>['say'];

export function RegisterCard({
  meter,
  may,
  words,
  onChanged,
}: MeterCardProps & { readonly onChanged: () => void }) {
  const { say } = useSay();
  const isEngineer = may('meter.engineer');
  const fields: readonly Field[] = [
    ...(isEngineer ? settingsOf(meter, say) : []),
    ...(may('meter.tariff')
      ? [{ name: 'tariffId', label: say('tariff'), value: meter.tariffId, length: 64 }]
      : []),
  ];
  const change = async ({
    keyExpiry,
    tokenCarrierType,
    tariffId,
    storesSupplyGroup,
  }: Values): Promise<string> => {
    const settings = isEngineer
      ? {
          keyExpiry: keyExpiry === '' ? null : Number(keyExpiry),
          tokenCarrierType: Number(tokenCarrierType),
          storesSupplyGroup: storesSupplyGroup === 'on',
        }
      : {};
    const tariff = tariffId === undefined ? {} : { tariffId };
    await call('PUT', `/v1/meters/${meter.drn}`, { ...settings, ...tariff });
    onChanged();
    return say('changed');
  };
  return (
    <section class="card" aria-labelledby="meter-register">
      <h2 id="meter-register">
        {say('meter')} <span class="digits">{meter.drn}</span>
      </h2>
      <dl>
        <Fact name="MeterPAN">{meter.meterPan}</Fact>
        <Fact name={say('tariff')}>{meter.tariffId}</Fact>
        <Fact name={say('encryptionAlgorithm')}>{say(meter.encryptionAlgorithm === 7 ? 'ea7' : 'ea11')}</Fact>
        <Fact name={say('decoderKeyAlgorithm')}>DKGA0{meter.decoderKeyAlgorithm}</Fact>
        <Fact name={say('tokenCarrier')}>{carrierWords(meter.tokenCarrierType, say)}</Fact>
        <Fact name={say('storesSupplyGroup')}>{say(meter.storesSupplyGroup ? 'yes' : 'no')}</Fact>
        <Fact name={say('knownKeyExpiry')}>{meter.keyExpiry ?? say('ofVendingKey')}</Fact>
        {meter.replacedBy !== null && <Fact name={say('replacedBy')}>{meter.replacedBy}</Fact>}
        {meter.replaces !== null && <Fact name={say('replaces')}>{meter.replaces}</Fact>}
      </dl>
      {fields.length > 0 && may('meter.change') && (
        <details>
          <summary>{say('settings')}</summary>
          <ActForm id="settings" fields={fields} action={say('save')} act={change} words={words} />
        </details>
      )}
    </section>
  );
}

function carrierWords(code: number, say: Say): string {
  return code === 1 || code === 2 ? `${code}, ${say(`tokenCarrier${code}`)}` : String(code);
}

function settingsOf(
  {
    keyExpiry,
    tokenCarrierType,
    storesSupplyGroup,
  }: Pick<Meter, 'keyExpiry' | 'tokenCarrierType' | 'storesSupplyGroup'>,
  say: Say,
): readonly Field[] {
  return [
    {
      name: 'keyExpiry',
      label: say('knownKeyExpiry'),
      kind: 'whole',
      least: 0,
      most: 255,
      isOptional: true,
      hint: say('knownKeyExpiryHint'),
      value: keyExpiry === null ? '' : String(keyExpiry),
    },
    {
      name: 'tokenCarrierType',
      label: say('tokenCarrier'),
      kind: 'whole',
      least: 0,
      most: 99,
      value: String(tokenCarrierType),
      hint: `1 ${say('tokenCarrier1')}, 2 ${say('tokenCarrier2')}`,
    },
    {
      name: 'storesSupplyGroup',
      label: say('storesSupplyGroup'),
      kind: 'check',
      value: storesSupplyGroup ? 'on' : '',
    },
  ];
}

/** Of new meters: key attributes of a public kind, to be written over. */
const NEW_METER = { keyExpiry: null, tokenCarrierType: 2, storesSupplyGroup: false };

export function RegisterForm({
  words,
  onRegistered,
}: {
  readonly words: MeterCardProps['words'];
  readonly onRegistered: (drn: string) => void;
}) {
  const { say } = useSay();
  const whole = (
    name: string,
    label: string,
    [least, most]: readonly [number, number],
    value: string,
  ): Field => {
    return { name, label, kind: 'whole', least, most, value };
  };
  const choice = (name: string, label: string, options: Field['options'], value: string): Field => {
    return { name, label, kind: 'select', options, value };
  };
  const fields: readonly Field[] = [
    { name: 'meter', label: say('meterNumber'), length: 20 },
    { name: 'tariffId', label: say('tariff'), length: 64 },
    choice(
      'encryptionAlgorithm',
      say('encryptionAlgorithm'),
      [
        ['11', say('ea11')],
        ['7', say('ea7')],
      ],
      '11',
    ),
    choice(
      'decoderKeyAlgorithm',
      say('decoderKeyAlgorithm'),
      [
        ['4', 'DKGA04'],
        ['2', 'DKGA02'],
      ],
      '4',
    ),
    { name: 'supplyGroupCode', label: say('supplyGroup'), length: 6 },
    whole('tariffIndex', say('tariffIndex'), [0, 99], '1'),
    whole('keyRevision', say('keyRevision'), [1, 9], '1'),
    whole('keyType', say('keyType'), [0, 3], '2'),
    choice(
      'baseDate',
      say('baseDate'),
      [
        ['93', '1993'],
        ['14', '2014'],
        ['35', '2035'],
      ],
      '14',
    ),
    ...settingsOf(NEW_METER, say),
  ];
  const register = async (values: Values): Promise<string> => {
    const {
      meter = '',
      tariffId,
      supplyGroupCode,
      baseDate,
      storesSupplyGroup,
      keyExpiry = '',
      ...numbers
    } = values;
    const body = {
      meter: meter.replace(/[\s-]/g, ''),
      tariffId,
      supplyGroupCode,
      baseDate,
      storesSupplyGroup: storesSupplyGroup === 'on',
      keyExpiry: keyExpiry === '' ? null : Number(keyExpiry),
      ...Object.fromEntries(Object.entries(numbers).map(([name, text]) => [name, Number(text)])),
    };
    const { drn } = await call<Meter>('POST', '/v1/meters', body);
    onRegistered(drn);
    return say('registered');
  };
  return <ActForm id="new" fields={fields} action={say('register')} act={register} words={words} />;
}
