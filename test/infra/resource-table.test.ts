import { describe, expect, it } from "vitest";
import { NoPlaceError, readmeTables, withTables } from "../../infra/resource-table.ts";

describe("the README's tables", () => {
  it("name every part, role and key", async () => {
    const { resources = "", roles = "", settings = "" } = await readmeTables();
    for (const part of [
      "apis",
      "encryption",
      "network",
      "online",
      "offline",
      "events",
      "server",
      "dashboard",
      "alerts",
      "pipeline",
    ]) {
      expect(resources).toContain(`\n| ${part} | `);
    }
    expect(resources).toContain("| pubsub.Topic | shop_event, shop_event.dead_letters, shop_event.late |");
    expect(roles).toContain(
      "| workers | `roles/bigtable.user` | Bigtable table | features_item, features_user |",
    );
    expect(roles).toContain(
      "| the server | `roles/bigtable.reader` | Bigtable table | features_item, features_user |",
    );
    expect(settings).toContain("| `gcp:project` | the project to deploy to | an error |");
  });

  it("stand between their comments, and nothing else changes", () => {
    const text = "a\n<!-- x -->old<!-- /x -->\nb";
    expect(withTables(text, { x: "| t |" })).toBe("a\n<!-- x -->\n\n| t |\n\n<!-- /x -->\nb");
    expect(withTables(withTables(text, { x: "1" }), { x: "2" })).toBe(withTables(text, { x: "2" }));
  });

  it("need their comments", () => {
    expect(() => withTables("a <!-- x --> b", { x: "t" })).toThrow(NoPlaceError);
    expect(() => withTables("a <!-- /x --> <!-- x -->", { x: "t" })).toThrow(NoPlaceError);
  });
});
