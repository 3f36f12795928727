# syntax=docker/dockerfile:1

# The worker: one Node process that a runner starts by Beam's container contract (Dataflow, Flink's docker environment),
# or, with --worker_pool, a pool beside a Flink task manager. Built from the root of the checkout:
#
#     docker build --file infra/images/worker.Dockerfile --tag IMAGE .
#     gcloud builds submit --config infra/images/cloudbuild.yaml --substitutions _IMAGE=IMAGE
#
# A tag moves. For an image that can be built again, name Node's image by its digest:
#
#     docker buildx imagetools inspect node:24-slim --format '{{.Manifest.Digest}}'
#     docker build --build-arg NODE_IMAGE=node:24-slim@sha256:… …
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /freshet
COPY package.json package-lock.json ./
# No package's install script is needed here, so none may run.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# What apache-beam brings for building graphs and protos, and a worker never loads: 115 of 375 MB.
RUN rm -rf node_modules/typescript node_modules/ts-closure-transform node_modules/ttypescript node_modules/@protobuf-ts/plugin node_modules/@bufbuild

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /freshet
COPY --from=packages /freshet/package.json ./
COPY --from=packages /freshet/node_modules ./node_modules
COPY schemas/generated ./schemas/generated
COPY pipeline/container.ts ./pipeline/
COPY pipeline/core ./pipeline/core
COPY pipeline/define ./pipeline/define
COPY pipeline/features ./pipeline/features
COPY pipeline/harness ./pipeline/harness
COPY pipeline/stores ./pipeline/stores
COPY pipeline/beam ./pipeline/beam
USER node
ENTRYPOINT ["node", "/freshet/pipeline/container.ts"]
