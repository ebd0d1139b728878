// Builds the page of host.ts: node test/hosts/build.mjs FOLDER

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
await esbuild.build({
  bundle: true,
  entryPoints: { host: join(here, 'host.ts') },
  outdir: process.argv[2],
  format: 'iife',
  define: { 'process.env': '{}', global: 'window' },
  loader: Object.fromEntries(['svg', 'woff', 'woff2', 'ttf', 'eot', 'png'].map(it => [`.${it}`, 'empty'])),
  logLevel: 'error'
});
