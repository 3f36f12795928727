import { apiKey, keepKey } from "../api.ts";

/** Asks for an API key: the server has refused the last one, or got none. */
export function KeyForm() {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("key");
    keepKey(typeof given === "string" ? given.trim() : "");
  };
  return (
    <form class="panel key-form" onSubmit={submit}>
      <p>
        {apiKey.value === ""
          ? "This server answers those it knows. Enter an API key (or a Google ID token, where it takes them) to go on."
          : "The server doesn’t know this key. Enter another."}
      </p>
      <label>
        Key
        <input name="key" type="password" autocomplete="off" required />
      </label>
      <p class="hint">It stays in this tab, and is gone when the tab is closed.</p>
      <button type="submit" class="primary">
        Use key
      </button>
    </form>
  );
}
