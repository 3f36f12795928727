"""Runs the BigQuery emulator (bqemulator 1.4.0) as a part of the local stack.

It listens on loopback, prints one JSON line to stdout when it answers, keeps its tables in --data-dir over a restart,
and leaves when its stdin closes, that is, when whoever started it is gone. Two answers of the emulator that differ
from BigQuery's are mended here, since Google's clients stumble over them. It keeps no history of tables.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading

import bqemulator.server
from bqemulator.config import LogLevel, PersistenceMode, Settings
from bqemulator.domain.errors import UnsupportedFeatureError
from bqemulator.domain.events import TableDataChanged
from bqemulator.grpc_api import write_servicer
from bqemulator.versioning.snapshots import SnapshotManager

HOST = "127.0.0.1"

HTTP_STATUS = {"notFound": 404, "duplicate": 409, "accessDenied": 403}
BAD_REQUEST = 400


class FailedQueriesAreErrors:
    """ASGI middleware: jobs.query answers a failed statement with an HTTP error, as BigQuery does.

    The emulator answers 200 with `errors`, which Google's Node client takes for an empty result.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        is_query = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith("/queries")
        if not is_query:
            await self.app(scope, receive, send)
            return

        start, body = {}, bytearray()

        async def collect(message):
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                for answer in mend_answer(start, bytes(body)):
                    await send(answer)

        await self.app(scope, receive, collect)


def mend_answer(start, body):
    """The two messages of an HTTP answer, turned into an error where its body tells of one."""
    headers = dict(start["headers"])
    errors = None
    if start["status"] == 200 and b"content-encoding" not in headers:
        answer = json.loads(body)
        errors = None if answer.get("rows") else answer.get("errors")
    if errors:
        first = errors[0]
        status = HTTP_STATUS.get(first.get("reason"), BAD_REQUEST)
        error = {"code": status, "message": first.get("message", ""), "errors": errors, "status": "INVALID_ARGUMENT"}
        body = json.dumps({"error": error}).encode()
        headers[b"content-length"] = str(len(body)).encode()
        start = {**start, "status": status, "headers": list(headers.items())}
    return start, {"type": "http.response.body", "body": body}


def mend_failed_queries():
    create_app = bqemulator.server.create_app

    def create_mended_app(context):
        app = create_app(context)
        app.add_middleware(FailedQueriesAreErrors)
        return app

    bqemulator.server.create_app = create_mended_app


def mend_append_rows():
    """Only the first request of an AppendRows connection must name its stream; the emulator wants it in each."""
    for servicer in vars(write_servicer).values():
        if not isinstance(servicer, type) or "_ensure_stream_bound" not in vars(servicer):
            continue
        ensure_stream_bound = servicer._ensure_stream_bound

        def mended(self, name, bound, context, original=ensure_stream_bound):
            return bound if bound and not name else original(self, name, bound, context)

        servicer._ensure_stream_bound = mended


def keep_no_history():
    """For time travel the emulator copies a table whole at every request that writes to it: a table that grows would
    take time and memory by the square of its rows. `FOR SYSTEM_TIME AS OF` is refused instead.
    """

    def record_change(self, project_id, dataset_id, table_id):
        self._events.publish(TableDataChanged(project_id, dataset_id, table_id))

    def resolve_time_travel(self, *_):
        raise UnsupportedFeatureError("the local BigQuery keeps no history: FOR SYSTEM_TIME AS OF works on Google Cloud")

    SnapshotManager.record_change = record_change
    SnapshotManager.resolve_time_travel = resolve_time_travel


def settings_from(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rest-port", type=int, default=0)
    parser.add_argument("--grpc-port", type=int, default=0)
    parser.add_argument("--project", default="local-dev", help="project of requests that name none")
    parser.add_argument("--data-dir", required=True, help="tables are kept here; an empty folder to begin with")
    options = parser.parse_args(arguments)
    return Settings(
        rest_host=HOST,
        rest_port=options.rest_port,
        grpc_host=HOST,
        grpc_port=options.grpc_port,
        default_project_id=options.project,
        persistence_mode=PersistenceMode.PERSISTENT,
        data_dir=options.data_dir,
        upload_staging_dir=os.path.join(options.data_dir, "uploads"),
        # its Avro extension is not among the emulator's packages here
        enable_format_extensions=False,
        log_level=LogLevel.WARNING,
    )


def when_stdin_closes(callback):
    """Calls back from another thread when the process that holds the other end of stdin is gone."""

    def wait():
        while sys.stdin.buffer.read(4096):
            pass
        callback()

    threading.Thread(target=wait, daemon=True).start()


async def serve(settings):
    server = bqemulator.server.EmulatorServer(settings)
    await server.start()
    ready = {"ready": True, "rest": server.rest_url, "grpc": server.grpc_endpoint, "pid": os.getpid()}
    print(json.dumps(ready), flush=True)

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    when_stdin_closes(lambda: loop.call_soon_threadsafe(stopping.set))
    await stopping.wait()
    await server.stop()


def main():
    mend_failed_queries()
    mend_append_rows()
    keep_no_history()
    asyncio.run(serve(settings_from(sys.argv[1:])))


if __name__ == "__main__":
    main()
