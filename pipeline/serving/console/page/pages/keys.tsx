import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatDuration } from "../../../../core/duration.ts";
import type { CatalogJson } from "../../contract.ts";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock, count } from "../format.ts";
import { KeyChooser } from "../inspector/chooser.tsx";
import { Details } from "../inspector/details.tsx";
import { Instant } from "../inspector/instant.tsx";
import { Legend } from "../inspector/legend.tsx";
import { EventList, PaneList } from "../inspector/lists.tsx";
import { Rule } from "../inspector/rule.tsx";
import { highlightOf } from "../inspector/selection.ts";
import { Timeline } from "../inspector/timeline.tsx";
import { Panel } from "../parts/panel.tsx";
import { Empty, Failed, Loading } from "../parts/states.tsx";
import { Remote, useResource } from "../resource.tsx";
import type { Route } from "../router.ts";

/** `#/keys/VIEW/KEY?at=T`: why a view answers what it answers for a key. */
export function KeysPage({ segments, query }: Route) {
  const catalog = useResource<CatalogJson>("api/catalog");
  const [view, key] = segments;
  return (
    <Remote of={catalog} what="the views">
      {({ views }) => {
        const chosen = view ?? views[0]?.name;
        if (chosen === undefined) return <Empty title="No view is defined yet." />;
        return (
          <>
            <KeyChooser views={views} view={chosen} chosen={key} />
            {key === undefined ? (
              <Empty title="Which key?">
                <p>Enter one, or take one of those that were heard of last.</p>
              </Empty>
            ) : (
              <Inspector
                key={`${chosen} ${key}`}
                view={chosen}
                entity={key}
                at={query.get("at") ?? undefined}
              />
            )}
          </>
        );
      }}
    </Remote>
  );
}

interface InspectorProps {
  readonly view: string;
  readonly entity: string;
  /** RFC 3339; undefined: now. */
  readonly at: string | undefined;
}

function Inspector({ view, entity, at }: InspectorProps) {
  const [following, setFollowing] = useState(true);
  const settled = useSettled(at);
  const everyMs = useRef(3_000);
  const path = `api/inspect?${new URLSearchParams({ view, key: entity, ...(settled !== undefined && { at: settled }) }).toString()}`;
  const resource = useResource<InspectionJson>(
    path,
    at === undefined && following ? everyMs.current : undefined,
  );
  // While another instant is read, the last one stays: a picture that vanishes can't be compared.
  const last = useRef<InspectionJson>(undefined);
  if (resource.value !== undefined) {
    last.current = resource.value;
    everyMs.current = Math.max(1_000, resource.value.refresh_ms);
  }
  const inspection = resource.value ?? last.current;
  const isOld = settled !== at || resource.value === undefined;
  return (
    <>
      <Instant
        inspection={inspection}
        view={view}
        entity={entity}
        at={at}
        following={following}
        setFollowing={setFollowing}
        loading={resource.loading || settled !== at}
      />
      {resource.problem !== undefined && (
        <Failed what={`the key’s history`} problem={resource.problem} retry={resource.reload} />
      )}
      {inspection === undefined ? (
        resource.problem === undefined && <Loading what="both stores and the archive" />
      ) : (
        <Inspected inspection={inspection} isOld={isOld && resource.problem === undefined} />
      )}
    </>
  );
}

function Inspected({ inspection, isOld }: { readonly inspection: InspectionJson; readonly isOld: boolean }) {
  const [selected, setSelected] = useState<string>();
  const [slides, setSlides] = useState<number>();
  const highlight = useMemo(() => highlightOf(inspection, selected), [inspection, selected]);
  const picture = useRef<HTMLDivElement>(null);
  const select = (name: string) => setSelected((before) => (before === name ? undefined : name));
  const selectFromList = (name: string) => {
    select(name);
    picture.current?.scrollIntoView({ block: "start" });
  };
  const { view, explanation, all } = inspection;
  const { events, panes } = explanation;
  const list = { inspection, selected, highlight, select: selectFromList };
  const isNothing = events.length === 0 && panes.length === 0;
  return (
    <div class={isOld ? "inspected old" : "inspected"} aria-busy={isOld}>
      <Panel
        title="What happened"
        note={
          <>
            {view.name} v{view.version}, a window every {formatDuration(view.slide_ms)}; an event may come{" "}
            {formatDuration(view.allowed_lateness_ms)} late
          </>
        }
        actions={<Zoom inspection={inspection} slides={slides} setSlides={setSlides} />}
      >
        {isNothing && <p>Neither an event nor a pane of this key reaches {clock(explanation.answer.at)}.</p>}
        {!explanation.archive && (
          <p class="hint">
            The raw archive is empty here: events can’t be told, only the panes that they left.
          </p>
        )}
        <div ref={picture} />
        <Timeline inspection={inspection} slides={slides} highlight={highlight} select={select} />
        <Legend events={events} />
        <Details inspection={inspection} selected={selected} />
      </Panel>
      <Panel title="Why the answer is what it is">
        <Rule inspection={inspection} />
      </Panel>
      <Panel title="Events" note={`${shown(events.length, all.events)} in publish order`}>
        {events.length === 0 ? (
          <p class="hint">The archive holds none near this instant.</p>
        ) : (
          <EventList {...list} />
        )}
      </Panel>
      <Panel title="Panes" note={`${shown(panes.length, all.panes)}, the newest first`}>
        {panes.length === 0 ? (
          <p class="hint">None of a window that reaches this instant.</p>
        ) : (
          <PaneList {...list} />
        )}
      </Panel>
    </div>
  );
}

function shown(some: number, all: number): string {
  return some === all ? `all ${count(all)}` : `the newest ${count(some)} of ${count(all)}`;
}

const ZOOMS = [15, 5] as const;

function Zoom({
  inspection: { view },
  slides,
  setSlides,
}: {
  readonly inspection: InspectionJson;
  readonly slides: number | undefined;
  readonly setSlides: (slides: number | undefined) => void;
}) {
  const longest = (view.sizes_ms.at(-1) ?? 0) / view.slide_ms;
  const choices = [undefined, ...ZOOMS.filter((n) => n < longest)];
  return (
    <div class="segments" role="group" aria-label="How much of the past the picture shows">
      {choices.map((n) => (
        <button key={n ?? 0} type="button" aria-pressed={slides === n} onClick={() => setSlides(n)}>
          {n === undefined ? "whole window" : formatDuration(n * view.slide_ms)}
        </button>
      ))}
    </div>
  );
}

/** A value once it has stood still: who steps through time wants where he ends, and not each instant between. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    if (settled === value) return;
    const timer = setTimeout(() => setSettled(value), 300);
    return () => clearTimeout(timer);
  }, [value, settled]);
  return settled;
}
