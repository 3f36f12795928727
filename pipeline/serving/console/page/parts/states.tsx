import type { ComponentChildren } from "preact";
import type { ApiProblem } from "../api.ts";

/** Something is on its way. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> Reading {what} …
    </p>
  );
}

/** There is nothing yet, and what to do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="state empty">
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}

/** It could not be read, and what to do about it. */
export function Failed({
  what,
  problem,
  retry,
}: {
  readonly what: string;
  readonly problem: ApiProblem;
  readonly retry?: () => void;
}) {
  return (
    <div class="state failed" role="alert">
      <p class="state-title">
        Can’t read {what}: {problem.title}
      </p>
      <p>{problem.message}</p>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
