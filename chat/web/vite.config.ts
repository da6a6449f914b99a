import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The page of the chat room and the playground; both are served by the chat server from `web/dist`. */
export default defineConfig({
  root: here('.'),
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: here('./dist'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    rollupOptions: { input: { main: here('./index.html'), study: here('./study/index.html') } },
  },
  server: {
    proxy: { '/chat': { target: process.env['CHAT_URL'] ?? 'http://127.0.0.1:3000', ws: true } },
  },
})
