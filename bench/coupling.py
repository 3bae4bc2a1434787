"""Agreement of the coupling rules with a count made independently: prints both for each rule.

    python bench/coupling.py COUNTS NAME=FOLDER ...

COUNTS is `code-coupling/cuda_coupling_scan.csv` of the staged evidence, FOLDER an unpacked wheel of
the package NAME in the version that the counts name. Texts such as "npu" are counted there
wherever they stand, by us only where a device belongs, and not compared.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections import Counter
from pathlib import Path

from underlay.audit.detectors.infrastructure.python_interfaces import scan


def counts(folder: Path) -> Counter[str]:
    """Our events of a package under the names of the other count."""
    found: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.py")):
        here: Counter[str] = Counter()
        for event in scan(ast.parse(path.read_text("utf-8"))).events:
            rule = event.rule.partition("/")[2]
            name = event.component.partition(":")[2]
            if rule == "torch-cuda":
                here["torch.cuda.*"] += 1
            elif rule == "cuda-method":
                here[".cuda()"] += 1
            elif rule in ("device", "question") and event.component == "api:cuda":
                here["literal_cuda"] += 1
            elif rule == "collectives":
                here[f"dist_{name}"] += 1
            elif rule == "neutral":
                here["torch.accelerator.*"] += 1
            elif rule == "version":
                here[event.evidence] += 1
            elif rule == "other-accelerator" and event.evidence.startswith(f"torch.{name}."):
                here[f"torch.{name}.*"] += 1
            elif rule == "import":
                module = event.evidence.split()[1].partition(".")[0]
                here[f"import:{module}"] += 1
        touched = here["torch.cuda.*"] + here[".cuda()"] + here["literal_cuda"]
        here["files_with_cuda_reference"] = int(touched > 0)
        found += here
    return found


def main(table: Path, packages: dict[str, Path]) -> None:
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    equal = compared = 0
    for name, folder in packages.items():
        ours = counts(folder)
        for row in rows:
            rule = row["rule"]
            other = rule.startswith("literal_") and rule != "literal_cuda"
            if row["package"].split()[0] != name or rule.startswith("platform_check") or other:
                continue
            key = rule
            if rule.startswith(("nv_import:", "alt_import:")):
                key = "import:" + rule.partition(":")[2]
            key = {"import_triton": "import:triton"}.get(key, key)
            compared += 1
            equal += ours[key] == int(row["count"])
            mark = "" if ours[key] == int(row["count"]) else "  differs"
            print(f"{row['package']:24} {rule:32} {row['count']:>6} {ours[key]:>6}{mark}")
    print(f"equal in {equal} of {compared}")


if __name__ == "__main__":
    pairs = (argument.partition("=") for argument in sys.argv[2:])
    main(Path(sys.argv[1]), {name: Path(folder) for name, _, folder in pairs})
