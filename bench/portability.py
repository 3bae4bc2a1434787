"""Makes the audit's `portability.json`: which CUDA symbols others implement, as facts only.

    python bench/portability.py DATA > src/underlay/audit/detectors/infrastructure/portability.json

DATA is the folder `stack/portability` of the staged evidence. Functions and types are kept, and
not the enumerators, which no one calls.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

_IDENTIFIER = re.compile(r"[a-z_]\w*")
SOURCES = {
    "hip": {
        "name": "ROCm/HIPIFY docs/tables",
        "version": "014177bc",
        "date": "2024-10-24",
        "licence": "MIT",
    },
    "musa": {
        "name": "torchada 0.1.103, torchada/_mappings",
        "version": "0.1.103",
        "date": "2026",
        "licence": "facts",
    },
    "sycl_nccl": {
        "name": "oneapi-src/SYCLomatic NCCL_API_migration_status.csv",
        "version": "04a487c504b1c62f28135a16634d254fd861f643",
        "date": "undated",
        "licence": "Apache-2.0 WITH LLVM-exception",
    },
    "ascend": {
        "name": "Ascend/pytorch docs/zh/api/native_api, newest version listed",
        "version": "9e73e708ab9350d203475609f36f8a43f6a0c2ab",
        "date": "2026-08-21",
        "licence": "facts; vendor's own statement",
    },
    "paddle": {
        "name": "paconvert api_mapping.json",
        "version": "3.3.1",
        "date": "2026-04",
        "licence": "Apache-2.0",
    },
}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def hip(folder: Path) -> tuple[list[str], list[str]]:
    """Symbols with and without an equivalent in any of HIP's, ROC's or MIOpen's tables."""
    known: dict[str, bool] = {}
    for row in rows(folder, "hipify_cuda_api_equivalents.csv"):
        symbol = row["cuda_symbol"]
        if _IDENTIFIER.fullmatch(symbol):
            known[symbol] = known.get(symbol, False) or row["has_equivalent"] == "1"
    return sorted(s for s, yes in known.items() if yes), sorted(
        s for s, yes in known.items() if not yes
    )


def musa(folder: Path) -> list[str]:
    found = {row["cuda_symbol"] for row in rows(folder, "musa_cuda_symbol_mapping.csv")}
    return sorted(symbol for symbol in found if _IDENTIFIER.fullmatch(symbol))


def ascend(folder: Path) -> tuple[dict[str, bool], list[str]]:
    """`torch.cuda` names with whether every product listed supports them, and torch.accelerator's.

    Only the newest version of PyTorch that lists a name counts.
    """
    newest: dict[str, tuple[tuple[int, ...], bool]] = {}
    neutral: set[str] = set()
    for row in rows(folder, "ascend_pytorch_native_api_support.csv"):
        api = row["api"]
        if row["module"] == "torch-accelerator":
            neutral.add(api.removeprefix("torch.accelerator."))
        if row["module"] != "torch-cuda" or not api.startswith("torch.cuda."):
            continue
        version = tuple(int(part) for part in row["pytorch_version"].split("."))
        supported = row["status"] == "supported"
        name = api.removeprefix("torch.cuda.")
        seen = newest.get(name)
        if seen is None or version > seen[0]:
            newest[name] = (version, supported)
        elif version == seen[0]:
            newest[name] = (version, seen[1] and supported)
    return {name: newest[name][1] for name in sorted(newest)}, sorted(neutral)


def main(folder: Path) -> None:
    with_hip, without_hip = hip(folder)
    on_ascend, neutral = ascend(folder)
    nccl = rows(folder, "syclomatic_nccl_migration_status.csv")
    paddle = rows(folder, "paddle_torch_api_mapping.csv")
    made = {
        "sources": SOURCES,
        "hip": " ".join(with_hip),
        "no_hip": " ".join(without_hip),
        "musa": " ".join(musa(folder)),
        "sycl_nccl": " ".join(sorted(r["cuda_symbol"] for r in nccl if r["migratable"] == "YES")),
        "ascend_cuda": on_ascend,
        "torch_accelerator": neutral,
        "paddle_cuda": sorted(
            r["torch_api"].removeprefix("torch.cuda.")
            for r in paddle
            if r["torch_api"].startswith("torch.cuda.")
        ),
    }
    json.dump(made, sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
