// Builds dist: the generated client file by file, and `live` bundled with its reconnecting socket
// into one small file, so that the package has no dependencies.

import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

rmSync(here("../dist"), { recursive: true, force: true });
const tsc = here("../node_modules/typescript/bin/tsc");
const compiled = spawnSync(process.execPath, [tsc, "-p", here("..")], { stdio: "inherit" });
if (compiled.status !== 0) process.exit(1);

// Only the types of these files are needed beside the bundle.
for (const name of readdirSync(here("../dist/live"))) {
  if (name.endsWith(".js")) rmSync(here(`../dist/live/${name}`));
}
await build({
  entryPoints: [here("../src/live/index.ts")],
  outfile: here("../dist/live/index.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  // partysocket prefixes private members with an underscore, and it logs to the console, which our
  // own code calls `globalThis.console`.
  mangleProps: /^_/,
  drop: ["console"],
  logLevel: "warning",
});

const socket = JSON.parse(readFileSync(here("../node_modules/partysocket/package.json"), "utf8"));
const licence = readFileSync(here("../node_modules/partysocket/LICENSE.txt"), "utf8");
writeFileSync(
  here("../THIRD_PARTY.md"),
  `\`dist/live/index.js\` contains ${socket.name} ${socket.version}, under this licence:\n\n${licence.trim()}\n`,
);
