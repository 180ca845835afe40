/** The outcome of one try: the HTTP or SMTP status of the answer, and a word for the failure. */
export type DeliveryOutcome =
  | Readonly<{ result: 'delivered'; status: number }>
  | Readonly<{ result: 'failed'; status: number | null; error: string }>
  /** 410: the receiver wants no further messages. */
  | Readonly<{ result: 'gone'; status: number; error: 'gone' }>
  /** There is no receiver any more. */
  | Readonly<{ result: 'cancelled'; error: string }>;
