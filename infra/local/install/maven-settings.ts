/** What of Maven's `settings.xml` decides where a library comes from. */
export interface MavenSettings {
  /** URL of the mirror that stands for Maven Central, and credentials where the file has them in clear. */
  readonly mirror?: { readonly id: string; readonly url: string };
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly localRepository?: string;
}

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the few elements that matter out of a `settings.xml`: the first mirror whose `mirrorOf` covers
 * `central`, its server's user name and password, and the local repository. `${env.NAME}` and
 * `${user.home}` are filled in; encrypted passwords (`{…}`) are left out, since they need Maven's master key.
 * @see https://maven.apache.org/settings.html
 */
export function parseMavenSettings(xml: string, env: Environment): MavenSettings {
  const text = xml.replace(/<!--[\s\S]*?-->/g, "");
  const value = (block: string, name: string): string | undefined => {
    const found = elements(block, name)[0];
    return found === undefined ? undefined : expand(unescapeXml(found.trim()), env);
  };

  const mirrors = elements(elements(text, "mirrors")[0] ?? "", "mirror");
  const block = mirrors.find((m) => covers(value(m, "mirrorOf") ?? "") && value(m, "blocked") !== "true");
  const id = block === undefined ? undefined : (value(block, "id") ?? "");
  const url = block === undefined ? undefined : value(block, "url");

  const server = elements(elements(text, "servers")[0] ?? "", "server").find((s) => value(s, "id") === id);
  const username = server === undefined ? undefined : value(server, "username");
  const password = server === undefined ? undefined : value(server, "password");
  const isEncrypted = password !== undefined && /^\{.*\}$/.test(password);
  const localRepository = value(text, "localRepository");
  return {
    ...(id !== undefined && url !== undefined && { mirror: { id, url } }),
    ...(username !== undefined &&
      password !== undefined &&
      !isEncrypted && { credentials: { username, password } }),
    ...(localRepository !== undefined && { localRepository }),
  };
}

/**
 * Whether a `mirrorOf` pattern covers Maven Central: `central`, `*`, `external:*`, a list of them, unless it
 * also says `!central`. (`external:http:*` is for plain-HTTP repositories, which Central isn't.)
 */
export function covers(mirrorOf: string): boolean {
  const patterns = mirrorOf.split(",").map((pattern) => pattern.trim());
  return !patterns.includes("!central") && patterns.some((p) => ["*", "external:*", "central"].includes(p));
}

/** Contents of the elements of one name, at any depth. */
function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map(
    (m) => m[1] ?? "",
  );
}

function expand(value: string, env: Environment): string {
  return value.replace(/\$\{([^}]+)\}/g, (whole, name: string) => {
    if (name === "user.home") return env["HOME"] ?? whole;
    return (name.startsWith("env.") ? env[name.slice("env.".length)] : undefined) ?? whole;
  });
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(value: string): string {
  return value.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name] ?? "");
}
