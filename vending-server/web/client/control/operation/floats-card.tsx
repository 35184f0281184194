import { showMinor } from '../../money.ts';
import type { VendorFloat } from './answers.ts';
import { Table } from './parts.tsx';
import { useSay } from './speech.ts';

/** Those that need money first; the rest stands in the section of the vendors. */
const SHOWN = 8;

export function FloatsCard({ vendors = [] }: { readonly vendors: readonly VendorFloat[] | undefined }) {
  const { say, locale } = useSay();
  const urgent = [...vendors].sort(
    (left, right) => Number(right.lowBecause !== null) - Number(left.lowBecause !== null),
  );
  return (
    <section class="card" aria-labelledby="floats">
      <div class="row wrap">
        <h2 id="floats" class="grow">
          {say('floats')}
        </h2>
        <a href="#/vendors">{say('allVendors')}</a>
      </div>
      <Table
        caption={say('floats')}
        heads={[say('vendor'), say('state'), `#${say('leftToSell')}`, `#${say('soldToday')}`]}
      >
        {urgent.slice(0, SHOWN).map((vendor) => (
          <tr key={vendor.vendorId}>
            <th scope="row">
              <a href={`#/vendors/${vendor.vendorId}`}>{vendor.name}</a>
            </th>
            <td>
              <FloatMark vendor={vendor} />
            </td>
            <td class="amount">{showMinor(vendor.availableMinor, vendor.currency, locale)}</td>
            <td class="amount">{showMinor(vendor.soldTodayMinor, vendor.currency, locale)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

export function FloatMark({ vendor: { lowBecause } }: { readonly vendor: VendorFloat }) {
  const { say } = useSay();
  if (lowBecause === null) return <span class="mark good">{say('floatLasts')}</span>;
  return <span class="mark bad">{say(lowBecause === 'day' ? 'lowDay' : 'lowCredit')}</span>;
}
