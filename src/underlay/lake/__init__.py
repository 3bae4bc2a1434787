"""Where bytes are: content-addressed snapshots, immutable Parquet partitions, atomic versions.

A lake is a folder:

    versions/00000012.json          the whole truth: every partition and snapshot, by sha256
    partitions/<table>/<label>/<sha256>.parquet
    snapshots/<first two>/<sha256>  bytes as the publisher sent them

A writer adds files under their content's name, then one new version file by an exclusive hard
link. So a reader sees a version or the one before it, never a half; two writers can't take the
same number; and a process that is killed leaves only unreferenced files, which `gc` removes.
"""

from underlay.lake.engine import Engine, Result
from underlay.lake.read import Lake, embedded
from underlay.lake.state import PartitionRef, SnapshotRef, State

__all__ = ["Engine", "Lake", "PartitionRef", "Result", "SnapshotRef", "State", "embedded"]
