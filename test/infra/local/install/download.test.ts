import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { download, type Download } from "../../../../infra/local/install/download.ts";
import { httpServer } from "../../../support/http-server.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const CONTENT = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
const sha256 = createHash("sha256").update(CONTENT).digest("hex");

/** Answers with the content, or the part of it that is asked for. */
function serveContent(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, { "content-length": CONTENT.length - from });
  response.end(CONTENT.subarray(from));
}

function wanted(url: string, overrides: Partial<Download> = {}): Download {
  const to = path.join(tempFolder(), "file.jar");
  return { url, to, sha256, bytes: CONTENT.length, backoffMs: 1, ...overrides };
}

describe("download", () => {
  it("fetches a file and tells how far it is", async () => {
    const seen: number[] = [];
    const request = wanted(await httpServer(serveContent), { onBytes: (n) => seen.push(n) });
    await download(request);
    expect(readFileSync(request.to).equals(CONTENT)).toBe(true);
    expect(seen.at(-1)).toBe(CONTENT.length);
    expect(existsSync(`${request.to}.part`)).toBe(false);
  });

  it("continues after a connection that broke, from where it broke", async () => {
    const ranges: (string | undefined)[] = [];
    let interrupt: (() => void) | undefined;
    const url = await httpServer((request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length > 1) {
        serveContent(request, response);
        return;
      }
      response.writeHead(200, { "content-length": CONTENT.length });
      response.write(CONTENT.subarray(0, 40_000));
      interrupt = () => response.destroy();
    });
    // Cut only once bytes are on disk: a connection that is reset earlier may lose what it had sent.
    const request = wanted(url, { onBytes: () => interrupt?.() });
    await download(request);
    expect(readFileSync(request.to).equals(CONTENT)).toBe(true);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it("continues what an earlier run left", async () => {
    const ranges: (string | undefined)[] = [];
    const url = await httpServer((request, response) => {
      ranges.push(request.headers.range);
      serveContent(request, response);
    });
    const request = wanted(url);
    writeFileSync(`${request.to}.part`, CONTENT.subarray(0, 70_000));
    await download(request);
    expect(ranges).toEqual(["bytes=70000-"]);
    expect(readFileSync(request.to).equals(CONTENT)).toBe(true);
  });

  it("begins again where the server knows no ranges", async () => {
    const url = await httpServer((_, response) => response.end(CONTENT));
    const request = wanted(url);
    writeFileSync(`${request.to}.part`, "of another file");
    await download(request);
    expect(readFileSync(request.to).equals(CONTENT)).toBe(true);
  });

  it("begins again where what an earlier run left is broken", async () => {
    const request = wanted(await httpServer(serveContent));
    writeFileSync(`${request.to}.part`, Buffer.alloc(50_000));
    await download(request);
    expect(readFileSync(request.to).equals(CONTENT)).toBe(true);
  });

  it("tries again on a server's trouble, and gives up in the end", async () => {
    let asked = 0;
    const url = await httpServer((_, response) => {
      asked++;
      response.writeHead(503).end();
    });
    await expect(download(wanted(url, { retries: 2 }))).rejects.toMatchObject({ code: "download_failed" });
    expect(asked).toBe(3);
  });

  it("takes no for an answer", async () => {
    let asked = 0;
    const url = await httpServer((_, response) => {
      asked++;
      response.writeHead(404).end();
    });
    await expect(download(wanted(url))).rejects.toMatchObject({
      code: "download_failed",
      message: expect.stringContaining("HTTP 404") as string,
    });
    expect(asked).toBe(1);
  });

  it("gives up a server that falls silent", async () => {
    const url = await httpServer((_, response) => {
      response.writeHead(200, { "content-length": CONTENT.length });
      response.write(CONTENT.subarray(0, 10));
    });
    await expect(download(wanted(url, { retries: 0, stallMs: 50 }))).rejects.toMatchObject({
      code: "download_failed",
    });
  });

  it("never lets a file with another checksum appear", async () => {
    const url = await httpServer((_, response) => response.end(Buffer.alloc(CONTENT.length)));
    const request = wanted(url);
    await expect(download(request)).rejects.toMatchObject({ code: "checksum_mismatch" });
    expect(existsSync(request.to)).toBe(false);
    expect(existsSync(`${request.to}.part`)).toBe(false);
  });
});
