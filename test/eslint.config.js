import { defineConfig } from "eslint/config";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The import law: who may import whom. A folder sees itself, packages, and what stands here beside it. */
/** @type {Record<string, string[]>} */
const law = {
  "pipeline/core": [],
  "pipeline/define": ["pipeline/core"],
  "pipeline/features": ["pipeline/define", "schemas"],
  "pipeline/harness": ["pipeline/core"],
  "pipeline/stores": ["pipeline/core", "pipeline/define", "pipeline/harness", "schemas"],
  "pipeline/beam": [
    "pipeline/core",
    "pipeline/define",
    "pipeline/features",
    "pipeline/harness",
    "pipeline/stores",
    "schemas",
  ],
  "pipeline/serving": ["pipeline/core", "pipeline/define", "pipeline/features", "pipeline/stores", "schemas"],
};
const folders = [
  ...Object.keys(law),
  "pipeline/commands",
  "pipeline/main.ts",
  "pipeline/options.ts",
  "infra",
  "test",
  "schemas",
];
const zones = Object.entries(law).map(([target, allowed]) => ({
  target: `./${target}`,
  from: folders.filter((f) => f !== target && !allowed.includes(f)).map((f) => `./${f}`),
  message: `${target} may import only ${["itself", ...allowed].join(", ")} (the import law in test/eslint.config.js).`,
}));

/**
 * apache-beam's construction API has one door, pipeline/beam/beam.ts. Its protos may be used by beam, harness and
 * tests; its worker by nobody.
 *
 * @param {boolean} allowProtos
 */
const beamImports = (allowProtos) => ({
  patterns: [
    {
      regex: "^apache-beam/worker",
      message: "The worker of apache-beam loses elements: use pipeline/harness.",
    },
    {
      regex: allowProtos ? "^apache-beam(?!/(proto|worker)/)" : "^apache-beam(?!/worker)",
      message: "Only pipeline/beam/beam.ts imports the construction API of apache-beam.",
    },
  ],
});

export default defineConfig(
  { ignores: ["node_modules/**", ".local/**", "schemas/generated/**"] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: new URL("..", import.meta.url).pathname },
    },
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver-next": [importX.createNodeResolver({ extensions: [".ts", ".mjs", ".js", ".json"] })],
    },
    rules: {
      "import-x/no-restricted-paths": ["error", { basePath: new URL("..", import.meta.url).pathname, zones }],
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "no-restricted-imports": ["error", beamImports(false)],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  {
    files: ["pipeline/beam/**", "pipeline/harness/**", "test/**"],
    rules: { "no-restricted-imports": ["error", beamImports(true)] },
  },
  {
    // The package's types do not expose what graph construction needs: this one file works around them.
    files: ["pipeline/beam/beam.ts"],
    rules: {
      "no-restricted-imports": "off",
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-generated-empty-object-type": "off",
    },
  },
  {
    files: ["**/*.config.ts", "**/*.config.js", "test/e2e/global-setup.ts"],
    rules: { "import-x/no-default-export": "off" },
  },
  {
    // The console's page runs in a browser: its types are those of test/tsconfig.console.json.
    files: ["pipeline/serving/console/page/**"],
    languageOptions: {
      parserOptions: {
        projectService: false,
        project: "test/tsconfig.console.json",
        tsconfigRootDir: new URL("..", import.meta.url).pathname,
      },
    },
  },
  { files: ["**/*.{js,mjs}"], extends: [tseslint.configs.disableTypeChecked] },
);
