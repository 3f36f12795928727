"""Feast's own Python server: a view like user_purchases, eight columns of 1,000 users.

    feast_server.py FOLDER PORT ONLINE_STORE

ONLINE_STORE is Feast's own configuration of it, as YAML. Bigtable's emulator is found by BIGTABLE_EMULATOR_HOST.
"""

import datetime
import os
import pathlib
import sys

import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64, String

folder, port, online_store = pathlib.Path(sys.argv[1]), *sys.argv[2:]
(folder / "feature_store.yaml").write_text(
    f"""project: bench
provider: local
registry: registry.db
online_store: {online_store}
offline_store: {{type: file}}
entity_key_serialization_version: 3
telemetry: false
"""
)
COLUMNS = {
    "purchase_count_30m": (Int64, 1),
    "purchase_count_1h": (Int64, 1),
    "spend_30m": (Float64, 1.0),
    "spend_1h": (Float64, 1.0),
    "mean_amount_1h": (Float64, 1.0),
    "max_amount_1h": (Float64, 1.0),
    "last_country_1h": (String, "DE"),
    "distinct_items_1h": (Int64, 1),
}
store = FeatureStore(repo_path=str(folder))
user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
view = FeatureView(
    name="user_purchases",
    entities=[user],
    ttl=datetime.timedelta(hours=1),
    schema=[Field(name="user_id", dtype=String)]
    + [Field(name=name, dtype=dtype) for name, (dtype, _) in COLUMNS.items()],
    source=FileSource(path=str(folder / "none.parquet"), timestamp_field="event_timestamp"),
)
store.apply([user, view])
users = [f"user {i}" for i in range(1_000)]
rows = {"user_id": users, "event_timestamp": datetime.datetime.now(datetime.timezone.utc)}
rows |= {name: value for name, (_, value) in COLUMNS.items()}
store.write_to_online_store("user_purchases", pandas.DataFrame(rows))

# A worker is not to be replaced while it is measured.
serve = ["serve", "--host", "127.0.0.1", "--port", port, "--no-access-log", "--max-requests", "100000000"]
os.execv(sys.executable, [sys.executable, "-m", "feast.cli.cli", "--chdir", str(folder), *serve])
