import { useState } from "preact/hooks";
import { type Asked, curlLine, pythonCall, typescriptCall } from "../snippets.ts";

const LANGUAGES = { curl: curlLine, TypeScript: typescriptCall, Python: pythonCall } as const;

/** The same request in code, to be taken away. */
export function Snippets({ asked }: { readonly asked: Asked }) {
  const [language, setLanguage] = useState<keyof typeof LANGUAGES>("curl");
  const [copied, setCopied] = useState<string>();
  const text = LANGUAGES[language](asked);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
    } catch {
      setCopied(undefined); // without a clipboard the text can still be selected
    }
  };
  return (
    <section class="snippets" aria-label="The same request in code">
      <div class="snippets-head">
        <div class="segments" role="group" aria-label="Language">
          {(Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={language === name}
              onClick={() => setLanguage(name)}
            >
              {name}
            </button>
          ))}
        </div>
        <button type="button" onClick={() => void copy()}>
          {copied === text ? "Copied ✓" : "Copy"}
        </button>
      </div>
      <pre class="code json" tabIndex={0} aria-label={language}>
        {text}
      </pre>
    </section>
  );
}
