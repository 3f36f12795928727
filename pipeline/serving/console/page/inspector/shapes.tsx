import type { Fate } from "./words.ts";

/** The shape of a fate around (0, 0): no two differ by colour alone. */
export function FateShape({ fate }: { readonly fate: Fate }) {
  switch (fate) {
    case "applied":
      return <circle class="shape applied" r={5} />;
    case "clamped":
      return (
        <g class="shape clamped">
          <circle r={5} />
          <path class="arrow" d="M12 0H7.500M9.500 -2.500 7 0l2.500 2.500" />
        </g>
      );
    case "late":
      return <path class="shape late" d="M0 -6 6 5H-6Z" />;
    case "duplicate":
      return (
        <g class="shape duplicate">
          <circle cx={-2.5} r={4.5} />
          <circle cx={2.5} r={4.5} />
        </g>
      );
    case "filtered":
      return <path class="shape filtered" d="M0 -6 6 0 0 6 -6 0Z" />;
    case "window_closed":
      return <path class="shape window_closed" d="M-5 -5 5 5M5 -5 -5 5" />;
  }
}

/** The same, to stand in a text. */
export function FateIcon({ fate }: { readonly fate: Fate }) {
  return (
    <svg class="fate-icon" viewBox="-9 -8 22 16" aria-hidden="true">
      <FateShape fate={fate} />
    </svg>
  );
}
