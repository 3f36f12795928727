import type { google } from "@google-cloud/pubsub/build/protos/protos.js";
import type { Broker } from "./broker.ts";
import { alreadyExists, invalidArgument, notFound } from "./errors.ts";
import { codec } from "./protos.ts";
import type { ISchema } from "./protos.ts";
import { compileRevision, encodingOf } from "./schemas.ts";
import { checkName } from "./service.ts";
import type { Service } from "./service.ts";
import { timestampOf } from "./time.ts";

const schemas = codec<ISchema>("Schema");

/** `google.pubsub.v1.SchemaService`: Avro schemas, their revisions, and validation against them. */
export function schemaService(broker: Broker) {
  const compile = (schema: ISchema) => compileRevision(schema, timestampOf(broker.nowMs));
  const save = (schema: ISchema): ISchema => {
    const { config } = compile(schema);
    broker.commit({ op: "schema", config: schemas.toJson(config) });
    return broker.schemas.get(schema.name ?? "").config;
  };
  return {
    CreateSchema({ parent, schema, schemaId }: google.pubsub.v1.CreateSchemaRequest) {
      const name = checkName(`${parent}/schemas/${schemaId}`, "schemas");
      if (broker.schemas.has(name)) throw alreadyExists(name);
      return save({ ...schema, name });
    },

    /** Adds a revision. */
    CommitSchema({ name, schema }: google.pubsub.v1.CommitSchemaRequest) {
      broker.schemas.get(name);
      return save({ ...schema, name });
    },

    GetSchema: ({ name }: google.pubsub.v1.GetSchemaRequest) => broker.schemas.get(name).config,

    ListSchemas: ({ parent }: google.pubsub.v1.ListSchemasRequest) => ({
      schemas: broker.schemas
        .names()
        .filter((name) => name.startsWith(`${parent}/`))
        .map((name) => broker.schemas.get(name).config),
    }),

    ListSchemaRevisions({ name }: google.pubsub.v1.ListSchemaRevisionsRequest) {
      broker.schemas.get(name);
      // Newest first, as the service lists them.
      return {
        schemas: broker.schemas
          .revisions(name)
          .map(({ config }) => config)
          .toReversed(),
      };
    },

    DeleteSchema({ name }: google.pubsub.v1.DeleteSchemaRequest) {
      if (!broker.schemas.has(name)) throw notFound(name);
      broker.commit({ op: "delete_schema", name });
      return {};
    },

    ValidateSchema({ schema }: google.pubsub.v1.ValidateSchemaRequest) {
      compile(schema ?? {});
      return {};
    },

    ValidateMessage({ name, schema, message, encoding }: google.pubsub.v1.ValidateMessageRequest) {
      const revision = name ? broker.schemas.get(name) : compile(schema ?? {});
      const bytes = typeof message === "string" ? Buffer.from(message, "base64") : message;
      if (!revision.accepts(bytes, encodingOf(encoding))) {
        throw invalidArgument("Invalid data in message: Message failed schema validation.");
      }
      return {};
    },
  } satisfies Service;
}
