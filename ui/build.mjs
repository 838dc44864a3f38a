// SPDX-License-Identifier: Apache-2.0
// Bundles the page: node ui/build.mjs DIR FILE. Files of /assets/ carry their hash in their name; each is written to
// DIR compressed by gzip and by brotli, and FILE names them for the C compiler (src/api/page_files.c). Fails when the
// first load, which is the page with all that it asks for at once, is larger than the budget.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const FIRST_LOAD_MAXIMUM = 200_000;
const [directory, include] = process.argv.slice(2);
const source = join(dirname(fileURLToPath(import.meta.url)), "src");

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const result = await build({
  entryPoints: { app: join(source, "main.tsx") },
  outdir: "assets",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  write: false,
  metafile: true,
  legalComments: "none",
  target: ["chrome111", "firefox113", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});

/** What the page asks for at once: the entry, its style, and what it imports not only when needed. */
function firstLoad(outputs) {
  const entry = Object.keys(outputs).find((name) => outputs[name].entryPoint?.endsWith("main.tsx"));
  const found = new Set([entry, outputs[entry].cssBundle]);
  for (const name of found)
    for (const next of outputs[name]?.imports ?? [])
      if (next.kind === "import-statement") found.add(next.path);
  return { entry, names: [...found] };
}

function compress(content) {
  const parameters = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  return { gz: gzipSync(content, { level: 9 }), br: brotliCompressSync(content, { params: parameters }) };
}

const icon = readFileSync(join(source, "icon.svg"));
const iconPath = `/assets/icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
const { entry, names } = firstLoad(result.metafile.outputs);
const page = readFileSync(join(source, "index.html"), "utf8")
  .replace("main.tsx", `/assets/${basename(entry)}`)
  .replace("icon.svg", iconPath)
  .replace("style.css", `/assets/${basename(result.metafile.outputs[entry].cssBundle)}`);
// Styles of later chunks are in the first one.
const files = result.outputFiles
  .filter((file) => !file.path.endsWith(".css") || file.path.endsWith(basename(result.metafile.outputs[entry].cssBundle)))
  .map((file) => ({ path: `/assets/${basename(file.path)}`, content: Buffer.from(file.contents) }))
  .concat({ path: iconPath, content: icon })
  .sort((a, b) => (a.path < b.path ? -1 : 1));
files.push({ path: "/favicon.ico", name: "favicon.svg", content: icon });
files.unshift({ path: "/", name: "index.html", content: Buffer.from(page) });

let first = 0;
let lines = "";
mkdirSync(directory, { recursive: true });
files.forEach(({ path, name = basename(path), content }, index) => {
  const tag = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const packed = compress(content);
  const target = join(directory, name);
  writeFileSync(`${target}.gz`, packed.gz);
  writeFileSync(`${target}.br`, packed.br);
  if (path === "/" || names.some((wanted) => basename(wanted) === name)) first += packed.gz.length;
  const type = types[name.slice(name.lastIndexOf("."))];
  lines += `PAGE_FILE(${index}, "${path}", "${type}", "\\"${tag}\\"", "${target}")\n`;
});
if (first > FIRST_LOAD_MAXIMUM) {
  console.error(`the first load is ${first} bytes with gzip, more than ${FIRST_LOAD_MAXIMUM}`);
  process.exit(1);
}
writeFileSync(include, lines);
writeFileSync(join(directory, "first-load"), `${first}\n`);
