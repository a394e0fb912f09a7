# The product as a small image: one program, no shell, not root.
#
#   docker build -t soconnective .
#   docker run -p 8080:8080 -v soconnective:/var/lib/soconnective soconnective

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches make a second build quick; what leaves this stage is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin soconnective \
    && install -D target/release/soconnective /out/soconnective \
    && mkdir -p /out/data /out/keys

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/soconnective /usr/local/bin/soconnective
# Folders that belong to the user of the process, so that volumes that are mounted there do too.
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/soconnective
COPY --from=build --chown=nonroot:nonroot /out/keys /run/soconnective-keys
ENV SOCONNECTIVE_DATA=/var/lib/soconnective SOCONNECTIVE_LISTEN=0.0.0.0:8080
VOLUME /var/lib/soconnective
EXPOSE 8080
# Whether it lives. Whether it should get requests is another question, for whatever hands them out: `/readyz`.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
    CMD ["/usr/local/bin/soconnective", "health", "--live", "http://127.0.0.1:8080"]
ENTRYPOINT ["/usr/local/bin/soconnective"]
CMD ["serve"]
