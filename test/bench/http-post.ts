import { type Agent, request } from "node:http";

/** What came back. */
export interface PostAnswer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Posts JSON, without `fetch`: its own time would count as the server's. */
export function postJson(url: string, body: string, agent: Agent): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, text }));
      response.on("error", reject);
    })
      .on("error", reject)
      .end(body);
  });
}
