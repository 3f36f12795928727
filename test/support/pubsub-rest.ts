/** Topics and pulled messages of a Pub/Sub endpoint, over its REST API: what tests need beside publishing. */
export class PubsubRest {
  readonly #base: string;

  /** @param address `host:port` */
  constructor(address: string, project: string) {
    this.#base = `http://${address}/v1/projects/${project}`;
  }

  /** Creates a topic with one subscription of the same name. */
  async createTopic(name: string): Promise<void> {
    await this.#call("PUT", `topics/${name}`, {});
    const topic = `${new URL(this.#base).pathname.slice("/v1/".length)}/topics/${name}`;
    await this.#call("PUT", `subscriptions/${name}`, { topic, ackDeadlineSeconds: 60 });
  }

  /** Takes `count` messages from the subscription, in whatever order. */
  async take(name: string, count: number): Promise<{ data: Buffer; attributes: Record<string, string> }[]> {
    const messages: { data: Buffer; attributes: Record<string, string> }[] = [];
    while (messages.length < count) {
      const { receivedMessages = [] } = await this.#call("POST", `subscriptions/${name}:pull`, {
        maxMessages: 100,
      });
      const ackIds = receivedMessages.map(({ ackId }) => ackId);
      if (ackIds.length > 0) await this.#call("POST", `subscriptions/${name}:acknowledge`, { ackIds });
      for (const { message } of receivedMessages) {
        messages.push({
          data: Buffer.from(message.data ?? "", "base64"),
          attributes: message.attributes ?? {},
        });
      }
    }
    return messages;
  }

  async #call(method: string, path: string, body: unknown): Promise<PullResponse> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${this.#base}/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as PullResponse;
  }
}

interface PullResponse {
  readonly receivedMessages?: readonly {
    readonly ackId: string;
    readonly message: { readonly data?: string; readonly attributes?: Record<string, string> };
  }[];
}
