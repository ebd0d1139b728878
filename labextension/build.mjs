// Builds the bundles of this workspace with esbuild.
//
//   node build.mjs               the web page and the notebook widget, readable
//   node build.mjs --production  the same, minified, and refused if they outgrew their budgets
//   node build.mjs --widget      the notebook widgets alone
//   node build.mjs --watch       the widget, again at each change
//   node build.mjs --harness     the development page, in dev/dist
//   node build.mjs --serve       the development page on http://localhost:8502, rebuilt at each reload

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { buildPage, licensesOf } from './build-page.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const flags = new Set(process.argv.slice(2));
const production = flags.has('--production');
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));

// anywidget saves the panel's script into the notebook, so every byte is paid for in each file. What shows what a model
// does isn't saved, but may come by a message from the kernel; so does the form of a new run, of which a notebook keeps only
// what fetches it.
const budgets = { 'panel.js': 120_000, 'insight.js': 180_000, 'form-widget.js': 6_000, 'form.js': 720_000 };

// What no chart here uses is cut out of uPlot, a fifth of it: bars, steps and splines, axes of dates, its
// legend, series and bands that come and go, scatter plots, scales of other kinds than linear and log. Each pattern
// must be found, so that another version of uPlot fails here and not in a notebook.
const unused = [
  [/\(paths\.(?:stepped|bars|spline)\s*= \w+\);/g, ''],
  [/\bisTime (\?|&&)/g, 'false $1'],
  [/= genTimeStuffs\([^)]*\);/g, '= [];'],
  [/const (_fmtDate|_timeAxisSplits|_timeAxisVals|_timeSeriesVal)\s*= [^\n]+;/g, 'const $1 = null;'],
  [/uPlot\.(?:fmtDate|tzDate)\s*= \w+;/g, ''],
  [/const (months|days|days3|months3|localTz)\s*= [^;]+;/g, 'const $1 = null;'],
  [/\bshowLegend( &&|\))/g, 'false$1'],
  [/\n\tfunction (initLegendRow|addSeries|delSeries|setBand|addBand|delBand)\([\s\S]*?\n\t\}/g, ''],
  [/\n\tself\.(addSeries|delSeries|setBand|addBand|delBand) = \1;/g, ''],
  // Every series has the x axis in common, and the pointer brings none of them to the front.
  [/\bmode == 1\b/g, 'true'],
  [/\bmode == 2\b/g, 'false'],
  [/\b(?:cursorFocus|cursorOnePt)\b(?! =)/g, 'false'],
  [/\blegend\.live\b/g, 'false'],
  [/\b(?:\w+\.)?(?:distr|xScaleDistr) == (?:2|4|100)\b/g, 'false'],
  [/uPlot\.rangeAsinh\s*= \w+;/g, ''],
  [/sc\.distr == 3 \? logAxisSplits : /g, ''],
  [/\bflags != 0 && bands\b/g, 'false && bands']
];

const lineChartsOnly = {
  name: 'line-charts-only',
  setup(build) {
    build.onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const [pattern, replacement] of unused) {
        const lean = contents.replace(pattern, replacement);
        if (lean === contents) {
          throw new Error(`Expected ${pattern} in ${path}, found nothing: look at the new version of uPlot.`);
        }
        contents = lean;
      }
      return { contents };
    });
  }
};

/** The style sheets of the views that are loaded later, as a text: no page has them. */
const insightSheet = {
  name: 'insight-sheet',
  setup(build) {
    build.onResolve({ filter: /^insight-sheet$/ }, ({ path }) => ({ path, namespace: 'insight-sheet' }));
    build.onLoad({ filter: /.*/, namespace: 'insight-sheet' }, async () => {
      const entry = join(here, 'src/insight/styles/sheets.ts');
      const { outputFiles, metafile } = await esbuild.build({
        bundle: true,
        minify: production,
        target: common.target,
        charset: 'utf8',
        absWorkingDir: here,
        entryPoints: [entry],
        outdir: here,
        write: false,
        metafile: true
      });
      const sheet = outputFiles.find(({ path }) => path.endsWith('.css'));
      const watchFiles = Object.keys(metafile.inputs).map(path => join(here, path));
      return { contents: sheet.text, loader: 'text', watchFiles };
    });
  }
};

/** In a notebook the views that are loaded later speak English, as the panel does: other languages stay behind. */
const englishOnly = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /src\/insight\/words\/\w+\.ts$/ }, async ({ path }) => {
      const contents = await readFile(path, 'utf8');
      const lean = contents.replace(/\{ en, pt, es \}/g, '{ en }');
      if (lean === contents) {
        throw new Error(`Expected the dictionaries { en, pt, es } in ${path}, found nothing.`);
      }
      return { contents: lean, loader: 'ts' };
    });
  }
};

const common = {
  bundle: true,
  minify: production,
  target: ['es2022', 'chrome111', 'firefox121', 'safari16.4'],
  legalComments: 'none',
  // Modules are always read so; escapes would be longer.
  charset: 'utf8',
  logLevel: 'warning',
  jsx: 'transform',
  jsxFactory: '_h',
  jsxFragment: '_Fragment',
  inject: [join(here, 'src/jsx.ts')],
  plugins: [lineChartsOnly, insightSheet]
};

const widget = {
  ...common,
  plugins: [...common.plugins, englishOnly],
  entryPoints: {
    panel: join(here, 'src/widget.ts'),
    insight: join(here, 'src/insight.ts'),
    form: join(here, 'src/form.ts')
  },
  outdir: join(here, '../dltrainer_jupyter/widgets/static'),
  absWorkingDir: here,
  metafile: true,
  format: 'esm',
  banner: {
    js: `/* DLTrainer for Jupyter ${version}, BSD-3-Clause; with what panel.licenses.txt names. */`
  }
};

/** What a notebook keeps of a form draws nothing by itself, so it needs no preact. */
const formWidget = {
  ...widget,
  inject: [],
  entryPoints: { 'form-widget': join(here, 'src/form-widget.ts') }
};

const harness = {
  ...common,
  entryPoints: { harness: join(here, 'dev/harness.ts'), views: join(here, 'dev/views.ts') },
  outdir: join(here, 'dev/dist'),
  format: 'iife',
  sourcemap: 'inline'
};

/** What is bundled asks for its licence to come along; a comment would be saved in every notebook. */
function writeLicenses({ inputs }) {
  writeFileSync(join(widget.outdir, 'panel.licenses.txt'), licensesOf(Object.keys(inputs)));
}

function reportSizes() {
  const size = name => statSync(join(widget.outdir, name)).size;
  const shown = [...Object.keys(budgets), 'panel.css', 'form-widget.css', 'form.css'].map(
    name => `${name} ${(size(name) / 1000).toFixed(1)} kB`
  );
  process.stdout.write(`${shown.join(', ')}\n`);
  for (const [name, budget] of Object.entries(budgets)) {
    if (production && size(name) > budget) {
      throw new Error(`${name} has ${size(name)} bytes; it must stay under ${budget}.`);
    }
  }
}

if (flags.has('--watch')) {
  await (await esbuild.context(formWidget)).watch();
  await (await esbuild.context(widget)).watch();
} else if (flags.has('--serve')) {
  const context = await esbuild.context(harness);
  const { port } = await context.serve({ servedir: join(here, 'dev'), port: 8502 });
  process.stdout.write(`http://localhost:${port}/\n`);
} else if (flags.has('--harness')) {
  await esbuild.build(harness);
} else {
  // First, so that the widget, which the Makefile looks at, is newer than both.
  if (!flags.has('--widget')) {
    await buildPage(common, production);
  }
  await esbuild.build(formWidget);
  const { metafile } = await esbuild.build(widget);
  writeLicenses(metafile);
  reportSizes();
}
