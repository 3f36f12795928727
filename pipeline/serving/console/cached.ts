/**
 * Keeps what a reading gave, by what it was of: callers within `keptMs` share one reading. A failed one is not kept.
 * As many are kept as there are different keys: they must be few.
 */
export function cached<K, V>(read: (key: K) => Promise<V>, keptMs: number): (key: K) => Promise<V> {
  const kept = new Map<K, { readonly value: Promise<V>; readonly untilMs: number }>();
  return (key) => {
    const known = kept.get(key);
    if (known !== undefined && performance.now() < known.untilMs) return known.value;
    const value = read(key);
    kept.set(key, { value, untilMs: performance.now() + keptMs });
    value.catch(() => kept.delete(key));
    return value;
  };
}
