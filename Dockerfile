# The image of the proxy: built from source, with Node for its pages, then only the binary on a small base.

FROM node:22-bookworm-slim AS node

FROM rust:1-slim-bookworm AS build
# Builds the pages that browsers see.
COPY --from=node /usr/local /usr/local
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin crosskey

FROM debian:bookworm-slim
# An unprivileged user, and the folder for SQLite files. A named volume mounted on /data takes
# over its owner.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin crosskey \
 && install -d -o crosskey -g crosskey /data
COPY --from=build /src/target/release/crosskey /usr/local/bin/crosskey
USER crosskey
WORKDIR /data
EXPOSE 8787
# Asks /livez on the default port; bash can do so by itself. Adapt or disable it when the
# configuration sets another port.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8787 && printf 'GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["crosskey"]
CMD ["serve", "-c", "/etc/crosskey/crosskey.toml"]
