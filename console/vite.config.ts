// How the pages are built: each from its own HTML file, with hashed assets beside it.
import { defineConfig } from 'vite';
import { systemFonts } from './build/system-fonts.ts';

export default defineConfig({
  base: '/graphiql/',
  plugins: [systemFonts()],
  resolve: { alias: { 'framer-motion': '/src/graphiql/reorder.tsx' } },
  build: {
    // Is emptied first.
    outDir: process.env.CROSSKEY_CONSOLE_OUT || 'dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: 'graphiql.html',
      // One file of libraries, fetched at once, instead of thirty that ask for each other.
      output: { codeSplitting: { groups: [{ name: 'libraries', test: /node_modules/ }] } },
      // "use client" and the like, which mean nothing here.
      checks: { moduleLevelDirective: false },
    },
  },
});
