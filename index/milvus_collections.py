"""What baoda keeps in Milvus: a collection of passages for each archive, and one of stamps that say how far each is."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from index import lexical
from index.errors import ArchiveError

if TYPE_CHECKING:
    from pymilvus import MilvusClient

CALL_SECONDS = 30.0
"""How long a call may take: pymilvus's own retries have no end."""

_STAMPS = "baoda_stamps"
_MOVE = "drop that collection, or name another database in BAODA_MILVUS_URI"

_PARTITIONS = 64
"""Buckets into which a server hashes the key "paper year". A search asks all of them, so not too many."""

_WORDS_BYTES = 65_535


@dataclass(frozen=True)
class Stamp:
    """How far a collection has followed.

    Passages up to id `passage`, versions of articles up to row `article`, and, set last, removals up to `generation`.
    """

    model: str
    words: str
    article: int
    passage: int = 0
    generation: int = -1


def name_of(stamps: Mapping[str, Any]) -> str:
    """Name of the collection of an archive with these stamps: its epoch changes where ids begin to mean other passages."""
    return f"baoda_{stamps['epoch']}"


def connect(uri: str) -> MilvusClient:
    """Connect to a server or open a file of Milvus Lite, both of which else log what is raised anyway.

    Raises:
        MilvusException: It is out of reach.
    """
    import pymilvus

    if uri.endswith(".db"):
        import torch  # noqa: F401  # before FAISS, which Milvus Lite brings: see index.vectors

    for name in ("pymilvus", "pymilvus.milvus_client", "pymilvus.bulk_writer", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client: MilvusClient = pymilvus.MilvusClient(uri=uri, timeout=CALL_SECONDS)
    return client


def prepare(client: MilvusClient, where: str, name: str, stamps: Mapping[str, Any]) -> Stamp | None:
    """Make the collections where they are missing, see that they are loaded and ours, and return the stamp.

    Raises:
        ArchiveError: The collection is another's, or another model made its vectors.
    """
    from pymilvus.client.types import LoadState

    if not client.has_collection(_STAMPS):
        _create_stamps(client)
    if not client.has_collection(name):
        _create(client, name, stamps["dim"])
    have = {field["name"]: field["params"].get("dim") for field in client.describe_collection(name)["fields"]}
    if "words_bm25" not in have or have.get("dense") != stamps["dim"]:
        raise ArchiveError(f"{where}: the collection {name} is not this archive's; {_MOVE}")
    for each in (_STAMPS, name):
        if client.get_load_state(each)["state"] != LoadState.Loaded:
            client.load_collection(each)
    names = [field.name for field in fields(Stamp)]
    rows = client.query(_STAMPS, ids=[name], output_fields=names, consistency_level="Strong", timeout=CALL_SECONDS)
    stamp = Stamp(**{each: rows[0][each] for each in names}) if rows else None
    if stamp and stamp.model != stamps["model"]:
        raise ArchiveError(f"{where}: the vectors of {name} were made by {stamp.model}, not {stamps['model']}; {_MOVE}")
    return stamp


def write_stamp(client: MilvusClient, name: str, stamp: Stamp) -> None:
    """Say how far the collection is, after what is said is done."""
    client.upsert(_STAMPS, [{"name": name, "unused": [0.0, 0.0], **asdict(stamp)}], timeout=CALL_SECONDS)


def _create_stamps(client: MilvusClient) -> None:
    """Make the collection of stamps; Milvus wants a vector in each."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("name", DataType.VARCHAR, is_primary=True, max_length=255)
    schema.add_field("unused", DataType.FLOAT_VECTOR, dim=2)
    for field in ("model", "words"):
        schema.add_field(field, DataType.VARCHAR, max_length=2000)
    for field in ("article", "passage", "generation"):
        schema.add_field(field, DataType.INT64)
    index = client.prepare_index_params()
    index.add_index("unused", index_type="FLAT", metric_type="L2")
    client.create_collection(_STAMPS, schema=schema, index_params=index, consistency_level="Strong")


def _create(client: MilvusClient, name: str, dim: int) -> None:
    """Make a collection of passages.

    `words` holds what `lexical.words` says, not the text: both engines then find the same words. The server's own
    jieba cuts them once more, passages and questions alike.
    """
    from pymilvus import DataType, Function, FunctionType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("issue", DataType.VARCHAR, max_length=512, is_partition_key=True)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field(
        "words",
        DataType.VARCHAR,
        max_length=_WORDS_BYTES,
        enable_analyzer=True,
        analyzer_params={"tokenizer": "jieba"},
        mmap_enabled=True,  # read by no search
    )
    schema.add_field("words_bm25", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, ["words"], ["words_bm25"]))
    index = client.prepare_index_params()
    # Half floats, as in the database: the graph is what approximates, not the numbers.
    dense = {"M": 16, "efConstruction": 200, "sq_type": "FP16"}
    index.add_index("dense", index_type="HNSW_SQ", metric_type="IP", params=dense)
    words = {"bm25_k1": 1.2, "bm25_b": 0.75, "inverted_index_algo": "DAAT_MAXSCORE"}
    index.add_index("words_bm25", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=words)
    client.create_collection(
        name, schema=schema, index_params=index, num_partitions=_PARTITIONS, consistency_level="Bounded"
    )


def rows(connection: sqlite3.Connection, condition: str, *values: int) -> list[dict[str, Any]]:
    """Return the passages that meet `condition` as rows of a collection."""
    found = []
    titles: dict[int, list[str]] = {}
    selected = connection.execute(
        "SELECT passages.id, pk, paper, published, title, body, passages.start, passages.end, vectors.vector "  # noqa: S608
        f"FROM passages JOIN articles ON pk = article JOIN vectors ON vectors.id = passages.vector WHERE {condition}",
        values,
    )
    for passage, pk, paper, published, title, body, start, end, vector in selected:
        if pk not in titles:
            titles[pk] = lexical.words(title)
        words = " ".join(titles[pk] + lexical.words(body[start:end]))
        found.append(
            {
                "id": passage,
                "issue": f"{(paper or '')[:100]} {(published or '')[:4]}",
                "dense": np.frombuffer(vector, np.float16).astype(np.float32),
                "words": words.encode()[:_WORDS_BYTES].decode(errors="ignore"),
            }
        )
    return found
