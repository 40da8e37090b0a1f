/**
 * Results of `ask` for 0..count - 1, in order. Those of the next `ahead` are asked for before they are wanted.
 *
 * @throws what `ask` throws, when the turn of that result comes
 */
export async function* askedAhead<T>(
  count: number,
  ahead: number,
  ask: (i: number) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const asked: Promise<T>[] = [];
  for (let i = 0, next = 0; i < count; i++) {
    for (; next < Math.min(count, i + 1 + ahead); next++) {
      const result = ask(next);
      // A failure is the caller's to see when its turn comes, and no one's if the caller stops before.
      result.catch(() => {});
      asked.push(result);
    }
    yield await asked.shift()!;
  }
}
