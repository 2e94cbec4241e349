import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

/** Where the API finds the built pages; the wheel takes the folder along. */
const BUILT = "../api/pages";

/** What `src/main.tsx` begins with in turn is fetched at once. */
function preloadStart(): Plugin {
  return {
    name: "preload-start",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle, chunk }) => {
        const wanted = new Set<string>(chunk?.dynamicImports);
        for (const file of wanted) {
          const part = bundle?.[file];
          if (part?.type === "chunk") for (const each of part.imports) wanted.add(each);
        }
        return [...wanted].map((file) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/app/${file}` },
          injectTo: "head",
        }));
      },
    },
  };
}

export default defineConfig({
  base: "/app/",
  plugins: [
    react(),
    preloadStart(),
    VitePWA({
      registerType: "autoUpdate",
      injectRegister: false,
      manifest: {
        id: "/app/",
        name: "ParkGuard",
        short_name: "ParkGuard",
        description: "Stolen vehicles found / 车辆防盗巡查",
        start_url: "/app/",
        scope: "/app/",
        display: "standalone",
        background_color: "#f5f6f8",
        theme_color: "#12324f",
        icons: [
          { src: "icon.svg", sizes: "any", type: "image/svg+xml" },
          { src: "icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "icon-512.png", sizes: "512x512", type: "image/png", purpose: "any maskable" },
        ],
      },
      workbox: {
        clientsClaim: true, // the first visit, too, works without a connection afterwards
        skipWaiting: true,
        globPatterns: ["**/*.{html,js,mjs,css,svg,png}"],
        maximumFileSizeToCacheInBytes: 6e6,
        navigateFallback: "/app/index.html",
        navigateFallbackAllowlist: [/^\/app\//],
      },
    }),
  ],
  build: { outDir: BUILT, emptyOutDir: true, target: "es2023", sourcemap: false },
  server: { proxy: { "/v1": "http://127.0.0.1:8000" } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
