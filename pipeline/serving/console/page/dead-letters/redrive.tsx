import { useEffect, useRef, useState } from "preact/hooks";
import type { RedriveJson, RedriveRequest } from "../../dead-letters-contract.ts";
import { ApiProblem, postJson } from "../api.ts";
import { count } from "../format.ts";
import { Failed, Loading } from "../parts/states.tsx";

const PATH = "api/dead-letters/redrive";

/** Says what publishing again would do, does it once that is agreed to, and says what came of it. */
export function Redrive({
  request,
  onDone,
}: {
  /** As a trial. */
  readonly request: RedriveRequest;
  /** Called at the end, with whether anything was published. */
  readonly onDone: (isDone: boolean) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [trial, setTrial] = useState<RedriveJson>();
  const [done, setDone] = useState<RedriveJson>();
  const [again, setAgain] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();

  const ask = async (isTrial: boolean) => {
    setBusy(true);
    setProblem(undefined);
    const until = "reason" in request && trial !== undefined ? { until: trial.until } : {};
    try {
      const result = await postJson<RedriveJson>(PATH, { ...request, ...until, again, dry_run: isTrial });
      if (isTrial) setTrial(result);
      else setDone(result);
    } catch (error) {
      setProblem(
        error instanceof ApiProblem ? error : new ApiProblem(0, "unreadable", "No answer", String(error), []),
      );
    }
    setBusy(false);
  };
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
    void ask(true);
  }, [again]);

  const result = done ?? trial;
  const total = (result?.published ?? []).reduce((sum, { messages }) => sum + messages, 0);
  return (
    <dialog ref={dialog} aria-labelledby="redrive-title" onClose={() => onDone(done !== undefined)}>
      <h2 id="redrive-title">{done === undefined ? "Publish again?" : "Published again"}</h2>
      {problem !== undefined && <Failed what="what came of it" problem={problem} />}
      {result === undefined && isBusy && <Loading what="what it would do" />}
      {result !== undefined && (
        <div class="consequences" aria-live="polite">
          {done === undefined ? (
            <p>
              <b>
                {count(total)} {total === 1 ? "message" : "messages"}
              </b>{" "}
              of {count(result.chosen)} {result.chosen === 1 ? "dead letter" : "dead letters"} will be
              published to {result.published.map(({ topic }) => topic).join(", ") || "no topic"}, with their
              bytes as they are and the time of their first publish: what can be decoded by now counts as of
              then, and is late where that is too long ago. What still can’t be decoded becomes a dead letter
              once more.
            </p>
          ) : (
            <p>
              {result.published.length === 0 && "Nothing was published."}
              {result.published.map(({ topic, messages }) => (
                <b key={topic}>
                  {count(messages)} to {topic}.{" "}
                </b>
              ))}{" "}
              Their dead letters stay in the table as a record, with the time of this.
            </p>
          )}
          {result.more && <p>There are more than one redrive takes: do it once more for those.</p>}
          {result.left.map(({ why, letters }) => (
            <p key={why}>
              {count(letters)} left out: {why}.
            </p>
          ))}
          {result.refused.map(({ message_id, detail }) => (
            <p key={message_id}>
              Refused by Pub/Sub: <span class="code">{message_id}</span>, {detail}
            </p>
          ))}
          {result.interrupted !== null && <p class="wrong-text">It ended early: {result.interrupted}.</p>}
        </div>
      )}
      {done === undefined && (
        <label>
          <input
            type="checkbox"
            checked={again}
            disabled={isBusy}
            onChange={({ currentTarget }) => setAgain(currentTarget.checked)}
          />{" "}
          Also those that were published again before
        </label>
      )}
      <p class="buttons">
        {done === undefined && (
          <button
            type="button"
            class="primary"
            disabled={isBusy || trial === undefined || total === 0}
            onClick={() => void ask(false)}
          >
            {isBusy && trial !== undefined ? "Publishing …" : `Publish ${count(total)} again`}
          </button>
        )}
        <button type="button" onClick={() => dialog.current?.close()}>
          {done === undefined ? "Cancel" : "Close"}
        </button>
      </p>
    </dialog>
  );
}
