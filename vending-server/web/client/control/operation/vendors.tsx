/** All vendors and their floats; one of them whole where the address names it. */
import { showMinor } from '../../money.ts';
import type { SectionProps } from '../sections.ts';
import type { VendorFloat, VendorsPage } from './answers.ts';
import { FloatMark } from './floats-card.tsx';
import { ListEnd, Table } from './parts.tsx';
import { useFaultWords, useSay } from './speech.ts';
import { usePages } from './use-page.ts';
import { VendorPlace } from './vendor-place.tsx';

export function Vendors(props: SectionProps) {
  const { place, session } = props;
  // A vendor's own people have one.
  const vendorId = session.vendorId ?? place;
  return vendorId === '' ? (
    <VendorList {...props} />
  ) : (
    <VendorPlace key={vendorId} {...props} place={vendorId} />
  );
}

function VendorList({ wordsOf }: SectionProps) {
  const { say, locale } = useSay();
  const pages = usePages<VendorsPage, VendorFloat>(
    '/v1/vendors?limit=100',
    'after',
    ({ vendors }) => vendors,
    useFaultWords(wordsOf),
  );
  return (
    <section class="card" aria-label={say('vendors')}>
      <Table
        caption={say('vendors')}
        heads={[
          say('vendor'),
          `#${say('float')}`,
          `#${say('creditLimit')}`,
          `#${say('leftToSell')}`,
          `#${say('soldToday')}`,
          say('state'),
        ]}
      >
        {pages.rows?.map((vendor) => {
          const money = (minor: number) => showMinor(minor, vendor.currency, locale);
          return (
            <tr key={vendor.vendorId}>
              <th scope="row">
                <a href={`#/vendors/${vendor.vendorId}`}>{vendor.name}</a> <small>{vendor.vendorId}</small>
              </th>
              <td class="amount">{money(vendor.floatMinor)}</td>
              <td class="amount">{money(vendor.creditLimitMinor)}</td>
              <td class="amount">{money(vendor.availableMinor)}</td>
              <td class="amount">{money(vendor.soldTodayMinor)}</td>
              <td>
                <FloatMark vendor={vendor} />
              </td>
            </tr>
          );
        })}
      </Table>
      <ListEnd pages={pages} empty={say('noVendors')} />
    </section>
  );
}
