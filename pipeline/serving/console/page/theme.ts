import { signal } from "@preact/signals";

/** The colours that a person chose; `system`: those of their machine. */
export type Theme = "system" | "light" | "dark";

const STORED = "freshet.theme";
const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };

const stored = localStorage.getItem(STORED);

/** The theme in use. */
export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "system");

/** Puts the theme on the page. */
export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme.value;
}

/** Goes on to the next theme, and keeps it for later visits. */
export function nextTheme(): void {
  theme.value = NEXT[theme.value];
  localStorage.setItem(STORED, theme.value);
  applyTheme();
}
