// How the pages are built: `--mode` names the page, which has its own HTML file and its own folder of hashed assets.
import { defineConfig } from 'vite';
import { systemFonts } from './build/system-fonts.ts';

const out = process.env.CROSSKEY_CONSOLE_OUT || 'dist';

export default defineConfig(({ command, mode }) => ({
  base: `/${mode}/`,
  define: { 'process.env.NODE_ENV': JSON.stringify(command === 'build' ? 'production' : 'development') },
  plugins: mode === 'graphiql' ? [systemFonts()] : [],
  resolve: mode === 'graphiql' ? { alias: { 'framer-motion': '/src/graphiql/reorder.tsx' } } : {},
  // While the console is worked on: `npx vite --mode console` beside a proxy that runs.
  server: { proxy: Object.fromEntries(['/api', '/graphql', '/graphiql', '/catalog', '/admin', '/docs', '/readyz'].map(
    // The proxy refuses pages whose origin is another host.
    (path) => [path, { target: process.env.CROSSKEY_URL || 'http://127.0.0.1:8787', changeOrigin: false }],
  )) },
  worker: { format: 'es' as const },
  build: {
    // Is emptied first.
    outDir: `${out}/${mode}`,
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: `${mode}.html`,
      // One file of libraries, fetched at once, instead of thirty that ask for each other.
      output: { codeSplitting: { groups: [{ name: 'libraries', test: mode === 'graphiql' ? /node_modules/ : /node_modules\/(?!@xyflow|@dagrejs|d3-)/ }] } },
      // "use client" and the like, which mean nothing here.
      checks: { moduleLevelDirective: false },
    },
  },
}));
