/** A position in a list by time: after the row of this moment and id. */
export type TimeKey = Readonly<{ createdAt: Date; id: string }>;

/** A page of such a list: `limit` rows after `after`; null: from the beginning. */
export type TimePage = Readonly<{ limit: number; after: TimeKey | null }>;

/** Members for Prisma's `findMany`: a page in the order of time, or all rows without `page`. */
export function inTime(order: 'asc' | 'desc', page?: TimePage) {
  const after = page?.after;
  const [reached, passed] = order === 'asc' ? (['gte', 'lte'] as const) : (['lte', 'gte'] as const);
  return {
    where: after
      ? { createdAt: { [reached]: after.createdAt }, NOT: { createdAt: after.createdAt, id: { [passed]: after.id } } }
      : {},
    orderBy: [{ createdAt: order }, { id: order }],
    ...(page && { take: page.limit }),
  };
}
