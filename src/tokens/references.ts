/**
 * The library names a person and a grant by one string each. Our strings hold the org as well,
 * `<org id>.<id>`: every statement has the tenant, and an ID token's `sub` is unique across orgs.
 * Ids have no dot.
 */
export type Reference = Readonly<{ orgId: string; id: string }>;

export function toReference({ orgId, id }: Reference): string {
  return `${orgId}.${id}`;
}

/** Null for a text that is no reference. */
export function parseReference(text: string | undefined): Reference | null {
  const [orgId, id, ...more] = (text ?? '').split('.');
  return orgId && id && more.length === 0 ? { orgId, id } : null;
}
