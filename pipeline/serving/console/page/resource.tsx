import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiProblem, apiKey, getJson } from "./api.ts";
import { Failed, Loading } from "./parts/states.tsx";

/** Something that the server has. While it is read anew, or can't be, the last that was read is kept. */
export interface Resource<T> {
  readonly value: T | undefined;
  readonly problem: ApiProblem | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
}

/**
 * Reads something from the server, and again whenever its path changes.
 * @param path as `request` takes it; undefined: nothing is asked for
 * @param [everyMs] reads it again that long after each answer, while the page is visible
 */
export function useResource<T>(path: string | undefined, everyMs?: number): Resource<T> {
  const [state, setState] = useState<{ path?: string | undefined; value?: T; problem?: ApiProblem }>({});
  const [loading, setLoading] = useState(path !== undefined);
  const [round, setRound] = useState(0);
  const key = apiKey.value;
  const reload = useCallback(() => setRound((n) => n + 1), []);

  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      if (everyMs === undefined || abort.signal.aborted) return;
      timer = setTimeout(() => (document.hidden ? again() : void read()), everyMs);
    };
    const read = async () => {
      setLoading(true);
      try {
        const value = await getJson<T>(path, abort.signal);
        setState({ path, value });
      } catch (error) {
        if (abort.signal.aborted) return;
        const problem =
          error instanceof ApiProblem
            ? error
            : new ApiProblem(0, "unreadable", "The answer can't be read", String(error), []);
        setState((before) => ({ ...(before.path === path ? before : { path }), problem }));
      }
      setLoading(false);
      again();
    };
    void read();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, round, key]);

  const own = state.path === path ? state : {};
  return { value: own.value, problem: own.problem, loading, reload };
}

/** Shows a resource: what it holds, or why it doesn't. */
export function Remote<T>({
  of: { value, problem, reload },
  what,
  children,
}: {
  readonly of: Resource<T>;
  /** What is being read, for a person: `the view's rows`. */
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}) {
  if (value === undefined) {
    return problem === undefined ? (
      <Loading what={what} />
    ) : (
      <Failed what={what} problem={problem} retry={reload} />
    );
  }
  return (
    <>
      {problem !== undefined && <Failed what={what} problem={problem} retry={reload} />}
      {children(value)}
    </>
  );
}
