// The web page: an entry, chunks that are loaded when they are needed, style sheets, and the document that names them.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const ENTRY = 'src/page/page.tsx';
const sources = join(here, 'src/page');
const target = join(here, '../dltrainer_jupyter/server/static');

// Bytes of script: what the page needs to show the list, and all there is, with the charts and the editor.
const budgets = { first: 120_000, all: 1_000_000 };

/** Builds the page with the settings that all bundles share. */
export async function buildPage(common, production) {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const { metafile } = await esbuild.build({
    ...common,
    absWorkingDir: here,
    // The second is what panels in notebooks load; they know its address from the API.
    entryPoints: { page: join(here, ENTRY), 'panel-client': join(here, 'src/panel-client.ts') },
    outdir: target,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    format: 'esm',
    splitting: true,
    metafile: true
  });
  const outputs = Object.entries(metafile.outputs).map(([path, output]) => ({
    name: basename(path),
    ...output
  }));
  writeLicenses(Object.keys(metafile.inputs));
  writeDocument(outputs);
  reportSizes(outputs, production);
}

function writeDocument(outputs) {
  const entry = outputs.find(({ entryPoint }) => entryPoint === ENTRY);
  const sheet = basename(entry.cssBundle);
  dropOtherSheets(outputs, sheet);
  const fields = { script: entry.name, icon: hashed('icon.svg'), sheet };
  const template = readFileSync(join(sources, 'index.html'), 'utf8');
  const document = template.replace(/\{\{(script|icon|sheet)\}\}/g, (_, field) => fields[field]);
  writeFileSync(join(target, 'index.html'), document);
}

/** Nothing would load the sheets of what is loaded later, so the page's own holds all of them, in one order. */
function dropOtherSheets(outputs, sheet) {
  const sheets = outputs.filter(({ name }) => name.endsWith('.css'));
  const inside = Object.keys(sheets.find(({ name }) => name === sheet).inputs);
  for (const { name, inputs } of sheets.filter(({ name }) => name !== sheet)) {
    const missing = Object.keys(inputs).filter(input => !inside.includes(input));
    if (missing.length > 0) {
      throw new Error(
        `Expected ${ENTRY} to import every style sheet of its views; it lacks ${missing.join(', ')}.`
      );
    }
    rmSync(join(target, name));
  }
}

/** Copies a file, under a name that changes with it. */
function hashed(name) {
  const content = readFileSync(join(sources, name));
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  const copy = name.replace('.', `-${hash}.`);
  writeFileSync(join(target, copy), content);
  return copy;
}

/** What is bundled asks for its licence to come along. */
function writeLicenses(inputs) {
  writeFileSync(join(target, 'page.licenses.txt'), licensesOf(inputs));
}

/** Puts the licences together of all packages that these files are from. */
export function licensesOf(inputs) {
  const packages = new Set(
    inputs.flatMap(path => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []).sort()
  );
  const texts = [...packages].map(name => {
    const text = readFileSync(join(here, 'node_modules', name, 'LICENSE'), 'utf8');
    return `${name}\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

function reportSizes(outputs, production) {
  const scripts = new Map(
    outputs.filter(({ name }) => name.endsWith('.js')).map(output => [output.name, output])
  );
  const first = new Set();
  const follow = name => {
    if (!first.has(name)) {
      first.add(name);
      for (const { kind, path } of scripts.get(name).imports) {
        if (kind === 'import-statement') {
          follow(basename(path));
        }
      }
    }
  };
  const entry = outputs.find(({ entryPoint }) => entryPoint === ENTRY);
  follow(entry.name);
  const bytes = names => [...names].reduce((sum, name) => sum + scripts.get(name).bytes, 0);
  const sizes = { first: bytes(first), all: bytes(scripts.keys()) };
  const styles = statSync(join(target, basename(entry.cssBundle))).size;
  const kB = size => `${(size / 1000).toFixed(1)} kB`;
  process.stdout.write(
    `web page: ${kB(sizes.first)} of script to begin with, ${kB(sizes.all)} in all, ${kB(styles)} of style sheet\n`
  );
  for (const [which, budget] of Object.entries(budgets)) {
    if (production && sizes[which] > budget) {
      throw new Error(
        `The web page has ${sizes[which]} bytes of script (${which}); it must stay under ${budget}.`
      );
    }
  }
}
