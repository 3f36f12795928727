import { render } from "preact";
import { App } from "./app.tsx";
import { followLive } from "./live.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
followLive();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
