import { useEffect, useRef } from "preact/hooks";
import { apiKey, locked, keepKey } from "./api.ts";
import { connection, live, trouble } from "./live.ts";
import { PAGES } from "./pages.ts";
import { KeyForm } from "./parts/key-form.tsx";
import { Empty } from "./parts/states.tsx";
import { href, route } from "./router.ts";
import { nextTheme, theme } from "./theme.ts";

/** The frame of every page: what it is, where one is, and whether what is shown is live. */
export function App() {
  const { segments, query } = route.value;
  const [first = "", ...rest] = segments;
  const page = PAGES.find(({ path }) => path === first);
  const title = page?.title ?? "Not found";
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(first);

  useEffect(() => {
    document.title = `${title} · Freshet`;
    // A new page is read from its heading on; the first one, from where the browser begins.
    if (shown.current !== first) heading.current?.focus();
    shown.current = first;
  }, [first, title]);

  return (
    <>
      <a class="skip" href="#content" onClick={(event) => toContent(event, heading.current)}>
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href={href("")}>
          <Mark /> Freshet
        </a>
        <Heard />
        <div class="bar-end">
          {apiKey.value !== "" && (
            <button type="button" class="quiet" onClick={() => keepKey("")}>
              Forget key
            </button>
          )}
          <button
            type="button"
            class="quiet"
            onClick={nextTheme}
            aria-label={`Theme: ${theme.value}`}
            title={`Theme: ${theme.value}`}
          >
            <ThemeIcon /> <span class="roomy">{theme.value}</span>
          </button>
        </div>
      </header>
      <nav class="nav" aria-label="Pages">
        <ul>
          {PAGES.map(({ path, title: name }) => (
            <li key={path}>
              <a href={href(path)} aria-current={path === first ? "page" : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main id="content">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {locked.value ? (
          <KeyForm />
        ) : page === undefined ? (
          <Empty title="There is no such page.">
            <p>
              <a href={href("")}>To the overview</a>
            </p>
          </Empty>
        ) : (
          <page.show segments={rest} query={query} />
        )}
      </main>
    </>
  );
}

/** A hash is an address here, so the browser's own way to `#content` would leave the page. */
function toContent(event: Event, heading: HTMLElement | null): void {
  event.preventDefault();
  heading?.focus();
}

/** Whether the server is heard, and what its numbers are. */
function Heard() {
  const state = connection.value;
  const source = live.value?.source;
  const text =
    state === "lost"
      ? `Not connected: ${trouble.value ?? "trying again"}`
      : source === undefined
        ? "Connecting …"
        : source === "job"
          ? "Live from this job"
          : "Live from the stores";
  return (
    <p class={`heard ${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {text}
    </p>
  );
}

function ThemeIcon() {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.5" />
      <path d="M8 1.500a6.500 6.500 0 0 1 0 13z" />
    </svg>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M2 7c3.300-3 6.700-3 10 0s6.700 3 10 0" />
      <path d="M2 13c3.300-3 6.700-3 10 0s6.700 3 10 0" />
      <path d="M2 19c3.300-3 6.700-3 10 0s6.700 3 10 0" />
    </svg>
  );
}
