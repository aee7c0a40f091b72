// Bundles the widget into ../static, or with --tests the tests into build/web-tests, where `node --test` finds them.
import { build } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const shared = { absWorkingDir: here, bundle: true, format: "esm", target: "es2022", charset: "utf8", logLevel: "warning" };

if (process.argv.includes("--tests")) {
  const tests = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...shared,
    entryPoints: tests.map((name) => join("test", name)),
    outdir: join(here, "../../../build/web-tests"),
    outExtension: { ".js": ".mjs" },
    platform: "node",
  });
} else {
  await build({
    ...shared,
    entryPoints: { compare: "src/index.ts", saved: "src/saved/index.ts" },
    outdir: join(here, "../static"),
    minify: true,
    legalComments: "none",
    footer: { js: `/*!\n${licences()}*/` },
  });
}

/** The licences of what is bundled: MIT wants them in every copy. */
function licences() {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  return Object.keys(dependencies)
    .map((name) => `${name}\n\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8")}`)
    .join("\n");
}
