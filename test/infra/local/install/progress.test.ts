import { expect, it } from "vitest";
import { progressDisplay, type InstallProgress } from "../../../../infra/local/install/progress.ts";

const STEPS: readonly InstallProgress[] = [
  { part: "engine", bytesDone: 0, bytesTotal: 127e6, state: "running" },
  { part: "engine", bytesDone: 12e6, bytesTotal: 127e6, state: "running" },
  { part: "BigQuery emulator", detail: "collecting numpy", state: "running" },
  { part: "engine", state: "done" },
  { part: "BigQuery emulator", state: "done" },
  { part: "local stack", detail: "785 MB in 52 s", state: "done" },
];

function shown(isTTY: boolean): string {
  let text = "";
  const display = progressDisplay({ isTTY, columns: 120, write: (more) => (text += more) });
  STEPS.forEach(display);
  return text;
}

it("rewrites one line on a terminal", () => {
  const lines = shown(true).split("\r\u001b[2K").slice(1);
  expect(lines).toEqual([
    "installing: engine 0/127 MB",
    "installing: engine 12/127 MB",
    "installing: engine 12/127 MB · BigQuery emulator: collecting numpy",
    "installing: engine ready · BigQuery emulator: collecting numpy",
    "installing: engine ready · BigQuery emulator ready\n",
    "installing: engine ready · BigQuery emulator ready · local stack ready (785 MB in 52 s)\n",
  ]);
});

it("prints a line at a part's beginning and end elsewhere", () => {
  expect(shown(false)).toBe(
    "installing engine\ninstalling BigQuery emulator\nengine ready\nBigQuery emulator ready\nlocal stack ready (785 MB in 52 s)\n",
  );
});
