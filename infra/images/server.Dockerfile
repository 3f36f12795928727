# syntax=docker/dockerfile:1

# The feature server: one Node process that Cloud Run starts with the options of `freshet serve`. Built from the root of
# the checkout:
#
#     docker build --file infra/images/server.Dockerfile --tag IMAGE .
#     gcloud builds submit --config infra/images/cloudbuild.yaml --substitutions _IMAGE=IMAGE,_FILE=server
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
# Beam and what only it brings: a server loads none of it.
RUN rm -rf node_modules/apache-beam node_modules/@protobuf-ts node_modules/@bufbuild node_modules/typescript node_modules/ts-closure-transform node_modules/ttypescript node_modules/date-fns node_modules/csv-parse node_modules/csv-stringify

# The console's page, by the packages that are for development: nothing else of them gets into the image.
FROM ${NODE_IMAGE} AS console
WORKDIR /freshet
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY infra/local/console-build.ts infra/local/is-alive.ts ./infra/local/
COPY infra/local/install/context.ts infra/local/install/file-lock.ts infra/local/install/install-once.ts ./infra/local/install/
COPY pipeline/core ./pipeline/core
COPY pipeline/serving/console ./pipeline/serving/console
RUN node infra/local/console-build.ts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /freshet
COPY --from=packages /freshet/package.json ./
COPY --from=packages /freshet/node_modules ./node_modules
COPY schemas/generated ./schemas/generated
COPY --from=console /freshet/.local/console ./.local/console
COPY infra/local/console-build.ts infra/local/is-alive.ts infra/local/stack-file.ts ./infra/local/
COPY infra/local/install/context.ts infra/local/install/file-lock.ts infra/local/install/install-once.ts ./infra/local/install/
COPY pipeline/server.ts pipeline/options.ts ./pipeline/
COPY pipeline/commands ./pipeline/commands
COPY pipeline/core ./pipeline/core
COPY pipeline/define ./pipeline/define
COPY pipeline/features ./pipeline/features
COPY pipeline/serving ./pipeline/serving
COPY pipeline/stores ./pipeline/stores
USER node
ENTRYPOINT ["node", "/freshet/pipeline/server.ts"]
