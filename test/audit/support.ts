import { provision } from '../scim/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { startProduct } from '../support/product.ts';

export type Named = { type: string; id: string | null; name: string | null; email: string | null };
export type Event = { id: string; action: string; actor: Named; target: Named | null; reason: string | null };

export type RecordBed = Awaited<ReturnType<typeof startRecordBed>>;

/** The product, an owner of whiterabbit and one of the other org, and whiterabbit's provisioning client. */
export async function startRecordBed() {
  const product = await startProduct();
  return {
    product,
    owner: await plantAdministrator(product, 'owner'),
    foreign: await plantAdministrator(product, 'owner', { org: 'metacortex' }),
    scim: await provision(product),
  };
}
