export function startSimulation(_stores: unknown, _o: unknown, _s: AbortSignal): Promise<void> { return new Promise((r) => _s.addEventListener("abort", () => r())); }
