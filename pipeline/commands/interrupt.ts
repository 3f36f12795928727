const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Resolves at Ctrl-C, a polite kill, or a closed terminal. A second one ends the process at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const interrupted = () => {
      for (const signal of SIGNALS) process.off(signal, interrupted);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, interrupted);
  });
}
