# syntax=docker/dockerfile:1
# The vending server as a container. The image holds no key, no passphrase and no data: all three are mounted.

# Node 20 runs it too, and gets no security fixes since April 2026.
FROM node:24-bookworm-slim AS build
# The SQLite driver compiles itself where no ready build is at hand.
RUN apt-get update && apt-get install -y --no-install-recommends g++ make python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/vectors ./vectors
# A user without a name of its own elsewhere, who owns nothing in the image.
RUN install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
VOLUME /data
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Room for what a few dozen sales under way keep alive: a tenth more sales a second for 128 MiB at most.
ENV NODE_OPTIONS=--max-semi-space-size=64
# A core dump of the security module would hold vending keys. The shell is replaced, so that signals reach the server.
ENTRYPOINT ["/bin/sh", "-c", "ulimit -c 0 && exec node dist/cli/main.js server start --data /data --host 0.0.0.0 \"$@\"", "wattoken"]
CMD ["--passphrase-file", "/run/secrets/passphrase", "--metrics-port", "9464", "--log-level", "info"]
