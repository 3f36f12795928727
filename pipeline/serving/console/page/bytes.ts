/** A part of a text: as it stands, or a byte that is no UTF-8 or that nobody can see. */
export interface TextPart {
  readonly text: string;
  readonly kind: "text" | "invalid" | "control";
}

/** A line of a dump: sixteen bytes. */
export interface HexLine {
  /** `00000010` */
  readonly offset: string;
  readonly bytes: readonly { readonly hex: string; readonly isInvalid: boolean }[];
}

/** Bytes from base64. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Bytes as text, with each byte that is no part of a well-formed character told apart: `Mü` `FF` `ller`. */
export function textParts(bytes: Uint8Array): TextPart[] {
  const parts: TextPart[] = [];
  const add = (text: string, kind: TextPart["kind"]) => {
    const last = parts.at(-1);
    if (last?.kind === kind && kind === "text") parts[parts.length - 1] = { text: last.text + text, kind };
    else parts.push({ text, kind });
  };
  for (let i = 0; i < bytes.length;) {
    const length = characterLength(bytes, i);
    if (length === 0) add(hexOf(bytes[i] ?? 0), "invalid");
    else {
      const text = DECODER.decode(bytes.subarray(i, i + length));
      const isControl = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]$/u.test(text) && text !== "\n";
      if (isControl)
        add(`U+${(text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`, "control");
      else add(text, "text");
    }
    i += Math.max(1, length);
  }
  return parts;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of the well-formed character that begins at `start`; 0: none does. */
function characterLength(bytes: Uint8Array, start: number): number {
  const first = bytes[start] ?? 0;
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length <= 1) return length;
  if (start + length > bytes.length) return 0;
  try {
    STRICT.decode(bytes.subarray(start, start + length));
    return length;
  } catch {
    return 0;
  }
}

/** Bytes as lines of a dump. */
export function hexLines(bytes: Uint8Array): HexLine[] {
  const invalid = new Set<number>();
  for (let i = 0; i < bytes.length;) {
    const length = characterLength(bytes, i);
    if (length === 0) invalid.add(i);
    i += Math.max(1, length);
  }
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) => ({
    offset: (16 * line).toString(16).padStart(8, "0"),
    bytes: [...bytes.subarray(16 * line, 16 * line + 16)].map((byte, i) => ({
      hex: hexOf(byte),
      isInvalid: invalid.has(16 * line + i),
    })),
  }));
}

function hexOf(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}
