const { CopyRspackPlugin } = require('@rspack/core');

// What JupyterLab's builder doesn't know: TypeScript, JSX for Preact, and who installed the extension.
module.exports = {
  plugins: [new CopyRspackPlugin({ patterns: [{ from: 'install.json', to: '../install.json' }] })],
  resolve: { extensions: ['.tsx', '.ts', '.js'] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        loader: 'builtin:swc-loader',
        options: {
          jsc: {
            parser: { syntax: 'typescript', tsx: true },
            target: 'es2022',
            transform: { react: { runtime: 'automatic', importSource: 'preact' } }
          }
        }
      }
    ]
  }
};
