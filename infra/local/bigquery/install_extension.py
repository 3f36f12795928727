"""Copies DuckDB's spatial extension out of its wheel into DuckDB's own folder below HOME.

The BigQuery emulator doesn't start without it, and DuckDB would fetch it from the internet. It is signed: DuckDB
checks that on LOAD.
"""

import importlib.resources

import duckdb

NAME = "spatial"

wheel = importlib.resources.files(f"duckdb_extension_{NAME}")
extension = wheel / "extensions" / f"v{duckdb.__version__}" / f"{NAME}.duckdb_extension"
connection = duckdb.connect()
with importlib.resources.as_file(extension) as file:
    connection.execute(f"INSTALL '{file}'")
connection.execute(f"LOAD {NAME}")
