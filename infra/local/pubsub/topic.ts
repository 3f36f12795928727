import { invalidArgument } from "./errors.ts";
import type { Draft, StoredMessage } from "./message.ts";
import type { ITopic } from "./protos.ts";
import { RetainedMessages } from "./retention.ts";
import { encodingOf } from "./schemas.ts";
import type { SchemaRegistry } from "./schemas.ts";
import { durationMs } from "./time.ts";

/** A topic: its configuration, and the messages it keeps for subscriptions that seek back. */
export class Topic {
  readonly config: ITopic;
  readonly retained: RetainedMessages;

  constructor(config: ITopic, retained = new RetainedMessages()) {
    this.config = config;
    this.retained = retained;
  }

  /** Keeps a message as long as the topic's retention says; not at all without one. */
  retain(message: StoredMessage, nowMs: number): void {
    const retentionMs = durationMs(this.config.messageRetentionDuration);
    if (retentionMs === undefined) return;
    this.retained.add(message);
    this.retained.trim(nowMs - retentionMs);
  }

  /**
   * Holds a message against the topic's schema, newest revision first, within the revisions that the topic allows.
   * @returns the message with the attributes by which subscribers learn the schema; as it is on a topic without one
   * @throws PubsubError INVALID_ARGUMENT
   */
  validate(draft: Draft, schemas: SchemaRegistry): Draft {
    const settings = this.config.schemaSettings;
    if (!settings?.schema) return draft;
    const encoding = encodingOf(settings.encoding);
    const all = schemas.revisions(settings.schema);
    const ids = all.map((revision) => revision.revisionId);
    const first = settings.firstRevisionId ? ids.indexOf(settings.firstRevisionId) : 0;
    const last = settings.lastRevisionId ? ids.indexOf(settings.lastRevisionId) : ids.length - 1;
    const revision = all.slice(first, last + 1).findLast((each) => each.accepts(draft.data, encoding));
    if (!revision) throw invalidArgument(`Invalid data in message: Message failed schema validation.`);
    return {
      ...draft,
      attributes: {
        ...draft.attributes,
        googclient_schemaencoding: encoding,
        googclient_schemaname: settings.schema,
        googclient_schemarevisionid: revision.revisionId,
      },
    };
  }
}
