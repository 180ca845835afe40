/**
 * What came of one try to deliver: a status of HTTP or of SMTP where there was an answer, and a
 * word where it failed.
 */
export type DeliveryOutcome =
  | Readonly<{ result: 'delivered'; status: number }>
  | Readonly<{ result: 'failed'; status: number | null; error: string }>
  /** 410: the receiver wants nothing more. */
  | Readonly<{ result: 'gone'; status: number; error: 'gone' }>
  /** Nobody is there any more who should have it. */
  | Readonly<{ result: 'cancelled'; error: string }>;
