/** What somebody else changed while a form was open. */
export const consoleMeanwhile = {
  meanwhile: {
    conflict: 'Somebody else changed this meanwhile. Nothing was saved yet: look at what is marked, then save again.',
    theirs: ({ value }: { value: string }) =>
      `Somebody else changed this meanwhile. It is now: ${value}. What you had chosen is still here; save once more to put it in place of theirs.`,
    nothing: 'nothing',
  },
};
