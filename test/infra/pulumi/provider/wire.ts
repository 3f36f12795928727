/*
 * How values travel between Pulumi's engine and a provider: plain JSON, except that secrets, outputs and assets are
 * objects with a signature, and what isn't known yet in a preview is one certain string.
 * @see https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
 */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const ASSETS = ["c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"];
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Inputs or outputs of a resource, as they travel. */
export type Properties = Readonly<Record<string, unknown>>;

/** The value without the wrapping of secrets and outputs around it. */
export function unwrapped(value: unknown): unknown {
  if (!isObject(value)) return value;
  const signature = value[SIGNATURE];
  if (signature === SECRET) return unwrapped(value["value"]);
  if (signature === OUTPUT) return "value" in value ? unwrapped(value["value"]) : UNKNOWN;
  return value;
}

/** Whether a value is one that only the real run will know. */
export function isUnknown(value: unknown): boolean {
  return value === UNKNOWN;
}

/** Whether a value is a file, text or archive to upload. */
export function isAsset(value: unknown): value is Properties {
  return isObject(value) && ASSETS.includes(String(value[SIGNATURE]));
}

/** Whether a value is an object with named members. */
export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same text for equal values, whatever order their members stand in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    const plain = unwrapped(each);
    if (isAsset(plain) && "hash" in plain) return plain["hash"]; // where it was read from doesn't matter
    return isObject(plain) ? Object.fromEntries(Object.entries(plain).sort(byName)) : plain;
  });
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
