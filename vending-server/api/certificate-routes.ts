/** Which client certificates a vendor's machines and people must come with. */
import { StsFault } from '../../lib/faults.ts';
import { findVendor } from '../vending/open-vendor.ts';
import { json, param, type Route, type Service, withBody, withoutBody } from './route.ts';
import { CertificateAnswer, CertificateBody } from './vendor-schemas.ts';

const PATH = '/v1/vendors/{vendorId}/certificates';

/** @throws StsFault `vendor_unknown`. */
async function answerOf({ vending }: Service, vendorId: string) {
  await findVendor(vending, vendorId);
  const bound = await vending.store.operation.certificatesOf(vendorId);
  return { vendorId, certificates: bound.map(({ kind, value }) => ({ kind, value })) };
}

export const CERTIFICATE_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: PATH,
    summary: 'Bind a client certificate to a vendor; from then on it is refused without one of those bound',
    permission: 'certificate.manage',
    body: CertificateBody,
    about: ({ kind, value }) => ({ kind, value }),
    answers: [
      { status: 201, description: 'Bound; all that are bound', schema: CertificateAnswer },
      { status: 200, description: 'Bound before', schema: CertificateAnswer },
    ],
    faults: ['vendor_unknown'],
    handle: async (service, call) => {
      const vendorId = param(call, 'vendorId');
      const result = await service.vending.store.operation.bindCertificate({ vendorId, ...call.body });
      if (result === 'vendor_unknown') throw new StsFault(result);
      return json(result === 'created' ? 201 : 200, await answerOf(service, vendorId));
    },
  }),
  withBody({
    method: 'post',
    path: `${PATH}/unbind`,
    summary: 'Take a client certificate from a vendor; without any its keys alone are enough again',
    permission: 'certificate.manage',
    body: CertificateBody,
    about: ({ kind, value }) => ({ kind, value }),
    answers: [{ status: 200, description: 'Not bound any more; those that are', schema: CertificateAnswer }],
    faults: ['vendor_unknown'],
    handle: async (service, call) => {
      const vendorId = param(call, 'vendorId');
      await service.vending.store.operation.unbindCertificate({ vendorId, ...call.body });
      return json(200, await answerOf(service, vendorId));
    },
  }),
  withoutBody({
    method: 'get',
    path: PATH,
    summary: 'The client certificates of a vendor',
    permission: 'certificate.read',
    answers: [{ status: 200, description: 'All that are bound', schema: CertificateAnswer }],
    faults: ['vendor_unknown'],
    handle: async (service, call) => json(200, await answerOf(service, param(call, 'vendorId'))),
  }),
];
