import { useState } from "preact/hooks";
import type { ServiceJson } from "../../services-contract.ts";
import type { ReadJson } from "../../../vector-json.ts";
import { ApiProblem, postJson } from "../api.ts";
import { Field } from "./field.tsx";
import { requestFields, requestOf } from "./fields.ts";
import { Snippets } from "./snippets.tsx";
import { Vector } from "./vector.tsx";

type Outcome =
  | { readonly kind: "none" }
  | { readonly kind: "asking" }
  | { readonly kind: "answer"; readonly answer: ReadJson; readonly ms: number }
  | { readonly kind: "problem"; readonly problem: ApiProblem };

/** Asks a service as a model would: a form by its key and request, the answer, and the same request in code. */
export function TryOut({ service, secured }: { readonly service: ServiceJson; readonly secured: boolean }) {
  const [keys, setKeys] = useState<readonly Readonly<Record<string, string>>[]>([{}]);
  const [entered, setEntered] = useState<Readonly<Record<string, string>>>({});
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" });
  const fields = requestFields(service.request);
  const label = service.newest ? service.name : `${service.name}@${String(service.version)}`;
  const body = {
    keys: keys.map((key) => Object.fromEntries(service.key.map(({ field }) => [field, key[field] ?? ""]))),
    request: requestOf(fields, entered),
  };
  const faults = outcome.kind === "problem" ? outcome.problem.errors : [];
  const faultOf = (pointer: string) =>
    faults.filter(({ field }) => field === pointer).map(({ detail }) => detail);
  const shownAt = new Set([
    ...fields.map(({ name }) => `/request/${name}`),
    ...keys.flatMap((_, i) => service.key.map(({ field }) => `/keys/${String(i)}/${field}`)),
  ]);
  const others = faults.filter(({ field }) => !shownAt.has(field));

  const ask = async (event: SubmitEvent) => {
    event.preventDefault();
    setOutcome({ kind: "asking" });
    const startedMs = performance.now();
    try {
      const answer = await postJson<ReadJson>(`../v1/services/${label}:read`, body);
      setOutcome({ kind: "answer", answer, ms: performance.now() - startedMs });
    } catch (error) {
      const problem =
        error instanceof ApiProblem ? error : new ApiProblem(0, "unreadable", "No answer", String(error), []);
      setOutcome({ kind: "problem", problem });
    }
  };

  return (
    <div class="try-out">
      {/* The server is what checks: it says of each field what is wrong, as a model's caller would be told. */}
      <form class="try" onSubmit={(event) => void ask(event)} noValidate>
        {keys.map((key, i) => (
          <fieldset key={i}>
            <legend>{keys.length === 1 ? "Key" : `Key ${String(i + 1)}`}</legend>
            {service.key.map(({ field, entity }) => (
              <Field
                key={field}
                field={{ name: field, kind: "text", choices: [], isRequired: true, hint: `the ${entity}` }}
                value={key[field] ?? ""}
                faults={faultOf(`/keys/${String(i)}/${field}`)}
                onValue={(text) =>
                  setKeys(keys.map((each, j) => (i === j ? { ...each, [field]: text } : each)))
                }
              />
            ))}
            {keys.length > 1 && (
              <button type="button" class="quiet" onClick={() => setKeys(keys.filter((_, j) => j !== i))}>
                Remove key {i + 1}
              </button>
            )}
          </fieldset>
        ))}
        {fields.length > 0 && (
          <fieldset>
            <legend>Request</legend>
            {fields.map((field) => (
              <Field
                key={field.name}
                field={field}
                value={entered[field.name] ?? ""}
                faults={faultOf(`/request/${field.name}`)}
                onValue={(text) => setEntered({ ...entered, [field.name]: text })}
              />
            ))}
          </fieldset>
        )}
        <p class="buttons">
          <button type="submit" class="primary" disabled={outcome.kind === "asking"}>
            {outcome.kind === "asking" ? "Asking …" : "Ask"}
          </button>
          {keys.length < 5 && (
            <button type="button" onClick={() => setKeys([...keys, {}])}>
              Another key
            </button>
          )}
        </p>
      </form>
      <div class="outcome" aria-live="polite">
        {outcome.kind === "none" && (
          <p class="hint">The answer comes here, with what there is to know of each value.</p>
        )}
        {outcome.kind === "problem" && (
          <div class="state failed fault">
            <p class="state-title">
              {outcome.problem.status > 0 && `${String(outcome.problem.status)} `}
              {outcome.problem.title}
            </p>
            {faults.length === 0 && <p>{outcome.problem.message}</p>}
            {others.map(({ field, detail }) => (
              <p key={field + detail}>
                <span class="code">{field || "the body"}</span>: {detail}
              </p>
            ))}
            {faults.length > others.length && <p class="hint">What is wrong stands at its field.</p>}
          </div>
        )}
        {outcome.kind === "answer" && <Vector answer={outcome.answer} ms={outcome.ms} />}
        <Snippets asked={{ server: location.origin, service: label, ...body, secured }} />
      </div>
    </div>
  );
}
