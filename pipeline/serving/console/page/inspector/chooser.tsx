import type { ViewJson } from "../../contract.ts";
import type { OfferedKey, OfferedKeysJson } from "../../inspector-contract.ts";
import { clock } from "../format.ts";
import { Panel } from "../parts/panel.tsx";
import { Remote, useResource } from "../resource.tsx";
import { go, href } from "../router.ts";

const EVERY_MS = 10_000;

/** Chooses a view and a key: by hand, or one of those that were heard of last. */
export function KeyChooser({
  views,
  view,
  chosen,
}: {
  readonly views: readonly ViewJson[];
  readonly view: string;
  readonly chosen: string | undefined;
}) {
  const offered = useResource<OfferedKeysJson>(
    `api/keys?${new URLSearchParams({ view }).toString()}`,
    chosen === undefined ? EVERY_MS : undefined,
  );
  const keyField = views.find(({ name }) => name === view)?.key_field ?? "key";
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("key");
    if (typeof given === "string" && given !== "") go(href(["keys", view, given]));
  };
  return (
    <Panel title="Key">
      <form class="choose" onSubmit={submit}>
        <label>
          View
          <select value={view} onChange={({ currentTarget }) => go(href(["keys", currentTarget.value]))}>
            {[...new Set(views.map(({ name }) => name))].map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {keyField}
          <input
            key={chosen}
            name="key"
            defaultValue={chosen ?? ""}
            required
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <button type="submit" class="primary">
          Inspect
        </button>
      </form>
      <Remote of={offered} what="the keys that were heard of last">
        {({ recent, late }) => (
          <div class="offers">
            <Offers title="Heard of last" view={view} keys={recent} chosen={chosen} none="no rows yet" />
            <Offers title="With late events" view={view} keys={late} chosen={chosen} none="none lately" />
          </div>
        )}
      </Remote>
    </Panel>
  );
}

function Offers({
  title,
  view,
  keys,
  chosen,
  none,
}: {
  readonly title: string;
  readonly view: string;
  readonly keys: readonly OfferedKey[];
  readonly chosen: string | undefined;
  readonly none: string;
}) {
  return (
    <div class="offer">
      <h3>{title}</h3>
      {keys.length === 0 && <p class="hint">{none}</p>}
      <ul>
        {keys.slice(0, 12).map(({ key, at, events }) => (
          <li key={key}>
            <a
              class="code"
              href={href(["keys", view, key])}
              aria-current={key === chosen ? "true" : undefined}
              title={`${clock(at)}${events === undefined ? "" : `, ${String(events)} events`}`}
            >
              {key}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
