/**
 * The one hash of the project: 53 bits, a whole number in [0, 2^53), over the text's UTF-8 bytes. Shards, row keys
 * and distinct's estimate are laid out by it, so it never changes: a test holds its vectors.
 *
 * Two 32-bit multiplicative streams with different odd multipliers, each mixed with the other at the end
 * (the construction of cyrb53). Not for secrets: whoever chooses the texts can make them collide.
 * @see https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js for the multipliers
 */
export function hash53(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return hashBytes(Buffer.from(text));
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  return finish(a, b);
}

/** Off ASCII: by bytes, which any language can do; an unpaired surrogate counts as U+FFFD, as every store writes it. */
function hashBytes(bytes: Uint8Array): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  return finish(a, b);
}

function finish(a: number, b: number): number {
  const low = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  const high = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (high & 0x1fffff) + (low >>> 0);
}

/** The number of the shard that holds a key's state, in [0, shards). Part of a view version's layout. */
export function shardOf(key: string, shards: number): number {
  return hash53(key) % shards;
}
