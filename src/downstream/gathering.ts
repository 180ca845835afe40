/**
 * Does together what comes while the work before it goes on. The returned function settles as the
 * work does that its item was part of.
 */
export function createGathering<Item>(work: (items: readonly Item[]) => Promise<void>) {
  let waiting: Item[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  return (item: Item): Promise<void> => {
    waiting.push(item);
    next ??= last
      .catch(() => {})
      .then(() => {
        const items = waiting;
        waiting = [];
        next = undefined;
        last = work(items);
        return last;
      });
    return next;
  };
}
