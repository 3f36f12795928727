import { useId } from "preact/hooks";
import type { RequestField } from "./fields.ts";

/** A field of a form, by its type, with what the server found wrong with it. */
export function Field({
  field: { name, kind, choices, isRequired, hint },
  value,
  faults,
  onValue,
}: {
  readonly field: RequestField;
  readonly value: string;
  readonly faults: readonly string[];
  readonly onValue: (value: string) => void;
}) {
  const id = useId();
  const isWrong = faults.length > 0;
  const common = {
    id,
    value,
    "aria-describedby": `${id}-hint`,
    "aria-invalid": isWrong,
    "aria-required": isRequired,
    autocomplete: "off" as const,
    spellcheck: false,
  };
  const options = kind === "boolean" ? ["true", "false"] : choices;
  return (
    <div class={isWrong ? "field wrong" : "field"}>
      <label for={id}>{name}</label>
      {kind === "boolean" || kind === "choice" ? (
        <select {...common} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
          <option value="">–</option>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      ) : kind === "json" ? (
        <textarea {...common} rows={3} onInput={({ currentTarget }) => onValue(currentTarget.value)} />
      ) : (
        <input
          {...common}
          inputMode={kind === "text" ? "text" : kind === "integer" ? "numeric" : "decimal"}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
      <p class="hint" id={`${id}-hint`}>
        {isWrong && <span class="wrong-text">{faults.join("; ")} </span>}
        {[
          kind === "text" || kind === "choice" ? "" : kind === "json" ? "JSON" : kind,
          isRequired ? "" : "may be left out",
          hint,
        ]
          .filter(Boolean)
          .join(", ")}
      </p>
    </div>
  );
}
