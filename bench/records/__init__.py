"""Results on disk: immutable records with digests, arrays beside them, and the manifest of a run."""

from bench.records.blobs import read_blob, read_table, write_blob, write_table
from bench.records.canonical import canonical, digest
from bench.records.record import Record, read_record, record_path, write_record
from bench.records.run import (
    Conflict,
    Run,
    load,
    read_manifest,
    write_analyses,
    write_beside,
    write_manifest,
)
from bench.records.schema import SCHEMA

__all__ = [
    "SCHEMA",
    "Conflict",
    "Record",
    "Run",
    "canonical",
    "digest",
    "load",
    "read_blob",
    "read_manifest",
    "read_record",
    "read_table",
    "record_path",
    "write_analyses",
    "write_beside",
    "write_blob",
    "write_manifest",
    "write_record",
    "write_table",
]
