import { useState } from "preact/hooks";
import type { LetterIdJson, WholeLetterJson } from "../../dead-letters-contract.ts";
import { bytesOf, hexLines, textParts } from "../bytes.ts";
import { count, moment } from "../format.ts";
import { Fact, Facts } from "../parts/facts.tsx";
import { Remote, useResource } from "../resource.tsx";

/** A dead letter in full: the decoder's words, attributes, and the bytes as they came. */
export function Letter({ id }: { readonly id: LetterIdJson }) {
  const query = new URLSearchParams({ ...id });
  const resource = useResource<WholeLetterJson>(`api/dead-letters/letter?${query.toString()}`);
  return (
    <section class="letter" aria-label={`Message ${id.message_id}`}>
      <Remote of={resource} what="the message">
        {(letter) => (
          <>
            <h3>
              <span class="chip bad">{letter.reason}</span> {letter.detail}
            </h3>
            <Facts>
              <Fact name="Message">
                <span class="code">{letter.message_id}</span>
              </Fact>
              <Fact name="Published">{moment(letter.publish_time)}</Fact>
              {letter.redriven_at !== null && (
                <Fact name="Published again">{moment(letter.redriven_at)}</Fact>
              )}
              <Fact name="Event">{letter.event}</Fact>
              {letter.ordering_key !== "" && <Fact name="Ordering key">{letter.ordering_key}</Fact>}
              {Object.entries(letter.attributes).map(([name, value]) => (
                <Fact key={name} name={name} code>
                  <span class="code">{value}</span>
                </Fact>
              ))}
            </Facts>
            {letter.not_redrivable !== null && (
              <p class="hint">It can’t be published again: {letter.not_redrivable}.</p>
            )}
            <Bytes base64={letter.data} all={letter.data_bytes} />
          </>
        )}
      </Remote>
    </section>
  );
}

function Bytes({ base64, all }: { readonly base64: string; readonly all: number }) {
  const [as, setAs] = useState<"text" | "hex">("text");
  const bytes = bytesOf(base64);
  const parts = textParts(bytes);
  const invalid = parts.filter(({ kind }) => kind === "invalid").length;
  return (
    <>
      <div class="snippets-head">
        <div class="segments" role="group" aria-label="How the bytes are shown">
          {(["text", "hex"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={as === each} onClick={() => setAs(each)}>
              {each}
            </button>
          ))}
        </div>
        <span class="hint">
          {count(all)} bytes{bytes.length < all && `, the first ${count(bytes.length)} here`}
          {invalid > 0 && `, ${count(invalid)} of them no UTF-8`}
        </span>
      </div>
      {as === "text" ? (
        <pre class="code json bytes" tabIndex={0} aria-label="Bytes as text">
          {parts.map(({ text, kind }, i) =>
            kind === "text" ? (
              text
            ) : (
              <mark key={i} class={kind} title={kind === "invalid" ? "no UTF-8" : "a control character"}>
                {text}
              </mark>
            ),
          )}
        </pre>
      ) : (
        <pre class="code json bytes" tabIndex={0} aria-label="Bytes in hex">
          {hexLines(bytes).map(({ offset, bytes: line }) => (
            <div key={offset}>
              <span class="offset">{offset}</span>
              {"  "}
              {line.map(({ hex, isInvalid }, i) => (
                <span key={i}>
                  {isInvalid ? <mark class="invalid">{hex}</mark> : hex}
                  {i % 8 === 7 ? "  " : " "}
                </span>
              ))}
            </div>
          ))}
        </pre>
      )}
    </>
  );
}
