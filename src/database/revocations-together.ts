/**
 * SQL: FROM and WHERE of the revocations `r` that the request of one of them ended. A
 * statement takes thirty seconds at most: an index on the time finds its rows.
 */
export const revocationsTogether = (org: string, id: string) => `
  FROM revocations f JOIN revocations r ON r.org_id = f.org_id AND (r.id = f.id OR r.request_id = f.request_id)
   AND r.created_at BETWEEN f.created_at - interval '30 seconds' AND f.created_at + interval '30 seconds'
  WHERE f.org_id = ${org} AND f.id = ${id}`;
