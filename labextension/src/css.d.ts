// esbuild gathers the style sheets that modules import.
declare module '*.css';

/** The style sheets of `src/insight`, as a text; `build.mjs` makes it. */
declare module 'insight-sheet' {
  const sheet: string;
  export default sheet;
}
