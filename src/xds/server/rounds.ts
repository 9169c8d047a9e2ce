/** Visits all items over `parts` calls, so that thousands of them do not hold the event loop at once. */
export function createRounds<T>(items: ReadonlySet<T>, parts: number): (visit: (item: T) => void) => void {
  let rest = items.values();
  return (visit) => {
    for (let left = Math.ceil(items.size / parts); left > 0; left -= 1) {
      const next = rest.next();
      if (next.done === true) {
        rest = items.values();
        return;
      }
      visit(next.value);
    }
  };
}
