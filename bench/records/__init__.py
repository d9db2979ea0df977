"""Results on disk: immutable records with digests, arrays beside them, and the manifest of a run."""

from bench.records.analysis_file import (
    Analysed,
    has_its_blobs,
    read_analyses,
    write_analyses,
)
from bench.records.atomic import alone
from bench.records.beside import write_beside
from bench.records.blobs import is_whole, read_blob, read_table, write_blob, write_table
from bench.records.canonical import canonical, digest
from bench.records.details import capped
from bench.records.frames import users_table
from bench.records.in_folder import run_that_keeps
from bench.records.manifest_file import (
    followed,
    lacking,
    read_manifest,
    records_of,
    trial_of,
    write_manifest,
)
from bench.records.notes import read_note, write_note
from bench.records.record import (
    Record,
    failed_since,
    lacks_blobs,
    read_record,
    record_path,
    write_record,
)
from bench.records.run import Conflict, Run, load
from bench.records.schema import SCHEMA
from bench.records.user_columns import USER_COLUMNS, UserColumn, user_column

__all__ = [
    "SCHEMA",
    "USER_COLUMNS",
    "Analysed",
    "Conflict",
    "Record",
    "Run",
    "UserColumn",
    "alone",
    "canonical",
    "capped",
    "digest",
    "failed_since",
    "followed",
    "has_its_blobs",
    "is_whole",
    "lacking",
    "lacks_blobs",
    "load",
    "read_analyses",
    "read_blob",
    "read_manifest",
    "read_note",
    "read_record",
    "read_table",
    "record_path",
    "records_of",
    "run_that_keeps",
    "trial_of",
    "user_column",
    "users_table",
    "write_analyses",
    "write_beside",
    "write_blob",
    "write_manifest",
    "write_note",
    "write_record",
    "write_table",
]
