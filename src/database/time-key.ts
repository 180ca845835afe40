/** Where a list in the order of time goes on: behind the row of this moment and id. */
export type TimeKey = Readonly<{ createdAt: Date; id: string }>;

/** A page of such a list: `limit` rows behind `after`; null: from its beginning. */
export type TimePage = Readonly<{ limit: number; after: TimeKey | null }>;

/** What Prisma's `findMany` takes for a page in the order of time; without a page for all. */
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
