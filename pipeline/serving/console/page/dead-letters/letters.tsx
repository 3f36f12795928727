import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { LetterIdJson, LetterJson, LettersJson, RedriveRequest } from "../../dead-letters-contract.ts";
import { bytesOf, textParts } from "../bytes.ts";
import { count, moment } from "../format.ts";
import { Letter } from "./letter.tsx";
import { PagedList } from "./paged-list.tsx";
import { usePages } from "./pages.ts";
import { Redrive } from "./redrive.tsx";

interface LettersProps {
  readonly hours: number;
  readonly event: string;
  readonly reason: string;
  readonly canRedrive: boolean;
  /** Since when the list looks, for a redrive of a whole reason. */
  readonly since: string;
  /** Called when a redrive has changed something. */
  readonly onChange: () => void;
}

/** Dead letters, the newest first: to be read, selected and published again. */
export function Letters({ hours, event, reason, canRedrive, since, onChange }: LettersProps) {
  const query = new URLSearchParams({
    hours: String(hours),
    limit: "25",
    ...(reason && { reason }),
    ...(event && { event }),
  });
  const paged = usePages<LettersJson>(`api/dead-letters?${query.toString()}`);
  const [selected, setSelected] = useState<ReadonlyMap<string, LetterIdJson>>(new Map());
  const [shown, setShown] = useState<string>();
  const [asked, setAsked] = useState<RedriveRequest>();
  const { pages, more, restart } = paged;
  const letters = pages.flatMap((page) => page.letters);

  const toggle = (letter: LetterJson) => {
    const next = new Map(selected);
    if (!next.delete(nameOf(letter))) next.set(nameOf(letter), idOf(letter));
    setSelected(next);
  };
  return (
    <PagedList
      paged={paged}
      what="the dead letters"
      isEmpty={letters.length === 0}
      none={{
        title: "No dead letters here.",
        text: "Every message of this span could be used, or another span or reason has them.",
      }}
    >
      <div class="bar-of-list">
        <span>
          {count(letters.length)}
          {more === undefined ? "" : "+"} shown, {count(selected.size)} selected
        </span>
        {canRedrive ? (
          <>
            <button
              type="button"
              disabled={selected.size === 0}
              onClick={() => setAsked({ letters: [...selected.values()], dry_run: true })}
            >
              Publish {count(selected.size)} selected again …
            </button>
            {reason !== "" && (
              <button
                type="button"
                onClick={() => setAsked({ reason, ...(event && { event }), since, dry_run: true })}
              >
                Publish all of {reason} again …
              </button>
            )}
          </>
        ) : (
          <span class="hint">This server doesn’t publish them again: --console-changes allows it.</span>
        )}
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Dead letters">
        <table class="list letters">
          <thead>
            <tr>
              {canRedrive && (
                <th scope="col">
                  <span class="visually-hidden">Selected</span>
                </th>
              )}
              <th scope="col">
                <span class="visually-hidden">Details</span>
              </th>
              <th scope="col">Published</th>
              <th scope="col">Again</th>
              <th scope="col">Reason</th>
              <th scope="col">Why</th>
              <th scope="col">Begins</th>
              <th scope="col" class="number">
                Bytes
              </th>
            </tr>
          </thead>
          <tbody>
            {letters.map((letter) => {
              const name = nameOf(letter);
              return (
                <Fragment key={name}>
                  <tr class={shown === name ? "lit" : undefined}>
                    {canRedrive && (
                      <td>
                        <input
                          type="checkbox"
                          aria-label={`Select message ${letter.message_id}`}
                          checked={selected.has(name)}
                          disabled={letter.not_redrivable !== null}
                          title={letter.not_redrivable ?? undefined}
                          onChange={() => toggle(letter)}
                        />
                      </td>
                    )}
                    <td>
                      <button
                        type="button"
                        aria-pressed={shown === name}
                        aria-label={`${shown === name ? "Hide" : "Show"} message ${letter.message_id}`}
                        onClick={() => setShown(shown === name ? undefined : name)}
                      >
                        {shown === name ? "Hide" : "Show"}
                      </button>
                    </td>
                    <td>{moment(letter.publish_time)}</td>
                    <td>{letter.redriven_at !== null && moment(letter.redriven_at)}</td>
                    <td class="code">{letter.reason}</td>
                    <td class="why">{letter.detail}</td>
                    <td class="code head">
                      <Head letter={letter} />
                    </td>
                    <td class="number">{count(letter.data_bytes)}</td>
                  </tr>
                  {shown === name && (
                    <tr>
                      <td colSpan={canRedrive ? 8 : 7}>
                        <Letter id={idOf(letter)} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              );
            })}
          </tbody>
        </table>
      </div>
      {asked !== undefined && (
        <Redrive
          request={asked}
          onDone={(isDone) => {
            setAsked(undefined);
            if (!isDone) return;
            setSelected(new Map());
            setShown(undefined);
            restart();
            onChange();
          }}
        />
      )}
    </PagedList>
  );
}

function Head({ letter: { head, data_bytes: all } }: { readonly letter: LetterJson }) {
  const bytes = bytesOf(head).subarray(0, 60);
  const text = textParts(bytes)
    .map(({ text: part, kind }) => (kind === "text" ? part : "�"))
    .join("");
  return `${text.replaceAll("\n", " ")}${all > bytes.length ? "…" : ""}`;
}

function idOf({ event, reason, message_id, publish_time }: LetterIdJson): LetterIdJson {
  return { event, reason, message_id, publish_time };
}

function nameOf(letter: LetterIdJson): string {
  return JSON.stringify(Object.values(idOf(letter)));
}
