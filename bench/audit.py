"""What an audit of 50 MB of source costs: seconds and peak memory, cold and warm.

    python bench/audit.py [MEGABYTES] [--real PATH]

A tree is generated (Python, TypeScript, YAML, JSON, prose; some of it names models), audited in a
child process without a cache, with a new one, and again with the filled one; `grep -rE` for one
pattern over the same tree is the yardstick. Memory is the sum over all processes of the child, as
the kernel counts it, looked at every 20 ms. `--real` takes a tree that is there instead.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from underlay.audit import audit
cache = Path(sys.argv[2]) if len(sys.argv) > 2 else None
done = audit(Path(sys.argv[1]), cache=cache)
print(done.files, done.read, done.bytes, len(done.models), len(done.infrastructure),
      len(done.unknown))
"""
WORDS = (
    "account", "balance", "batch", "buffer", "cache", "client", "column", "config", "context",
    "cursor", "default", "event", "field", "filter", "handler", "index", "input", "item", "key",
    "label", "limit", "list", "loader", "message", "node", "offset", "option", "order",
    "output", "page", "parser", "path", "query", "queue", "record", "request", "result",
    "route", "schema", "score", "session", "signal", "source", "state", "stream", "table",
    "target", "task", "token", "total", "user", "value", "version", "view", "worker",
)  # fmt: skip
MODELS = (
    "gpt-4o-mini", "meta-llama/Llama-3.1-8B-Instruct", "claude-3-5-sonnet-20241022",
    "BAAI/bge-m3", "sentence-transformers/all-MiniLM-L6-v2", "Qwen/Qwen2.5-7B-Instruct",
)  # fmt: skip


def python(rng: random.Random, with_models: bool) -> str:
    lines = ["from __future__ import annotations", "", "import json", "import os", ""]
    if with_models:
        lines += ["from transformers import AutoModel", "", f'NAME = "{rng.choice(MODELS)}"', ""]
    for _ in range(rng.randint(4, 30)):
        name, other = rng.choice(WORDS), rng.choice(WORDS)
        lines += [
            f"class {name.title()}{other.title()}:",
            f'    """The {name} of a {other}, with its {rng.choice(WORDS)}."""',
            "",
            f'    {other}_path = "{name}/{other}.json"',
            "",
            f"    def __init__(self, {name}: int = 0, *, {other}_size: str = {other!r}) -> None:",
            f"        self.{name} = {name}",
            f"        self.limit = {rng.randint(0, 9999)}",
            "",
        ]
        for _ in range(rng.randint(1, 6)):
            a, b, c = rng.choice(WORDS), rng.choice(WORDS), rng.choice(WORDS)
            lines += [
                f"    def {a}_{b}(self, {c}: list[str], strict: bool = False) -> dict[str, int]:",
                f'        """Count each {c} by {a}; raises `KeyError` without {b}."""',
                f'        result = {{"{a}": len({c}), "{b}": self.limit}}',
                f"        for {a} in {c}:",
                f'            if {a}.startswith("{b}/") and not strict:',
                f"                result[{a}] = result.get({a}, 0) + {rng.randint(1, 9)}",
                f'            elif os.path.exists(f"{{{a}}}/{c}.txt"):',
                f'                raise KeyError(f"no {b} in {{{a}!r}}")',
                "        return json.loads(json.dumps(result))",
                "",
            ]  # fmt: skip
        lines.append("")
    if with_models:
        lines += ["def load():", "    return AutoModel.from_pretrained(NAME)", ""]
    return "\n".join(lines)


def typescript(rng: random.Random, with_models: bool) -> str:
    lines = ['import { useState } from "react";', ""]
    if with_models:
        lines.append(f'const model = openai("{rng.choice(MODELS)}");')
    for _ in range(rng.randint(10, 60)):
        a, b = rng.choice(WORDS), rng.choice(WORDS)
        lines += [
            f"export function {a}{b.title()}({a}: string, limit = {rng.randint(1, 99)}) {{",
            f"  const [{b}, set] = useState<Record<string, number>>({{ {a}: limit }});",
            f"  if ({a}.length > limit) throw new Error(`no {b} in ${{{a}}}`);",
            f'  return <div className="{a}-{b}" onClick={{() => set({{ ...{b}, total: 1 }})}} />;',
            "}",
            "",
        ]
    return "\n".join(lines)


def yaml(rng: random.Random, with_models: bool) -> str:
    lines = ["apiVersion: v1", "kind: ConfigMap", "data:"]
    if with_models:
        lines.append(f"  model: {rng.choice(MODELS)}")
    lines += [
        f"  {rng.choice(WORDS)}_{n}: {rng.choice(WORDS)}" for n in range(rng.randint(20, 200))
    ]
    return "\n".join(lines)


def json_text(rng: random.Random, with_models: bool) -> str:
    rows = [f'    {{"id": {n}, "{rng.choice(WORDS)}": "{rng.choice(WORDS)}"}}' for n in range(300)]
    head = f'  "model": "{rng.choice(MODELS)}",\n' if with_models else ""
    return "{\n" + head + '  "rows": [\n' + ",\n".join(rows) + "\n  ]\n}"


def prose(rng: random.Random, with_models: bool) -> str:
    lines = ["# Notes", ""]
    count = rng.randint(20, 120)
    lines += [" ".join(rng.choice(WORDS) for _ in range(14)) + "." for _ in range(count)]
    if with_models:
        lines.append(f"See https://huggingface.co/{MODELS[1]}.")
    return "\n".join(lines)


KINDS = ((python, "py", 0.55), (typescript, "tsx", 0.2), (yaml, "yaml", 0.08),
         (json_text, "json", 0.1), (prose, "md", 0.07))  # fmt: skip


def generate(root: Path, megabytes: int) -> int:
    """A tree of that size; one file in ten names a model."""
    rng = random.Random(20261122)  # noqa: S311 - a tree, no secret
    total = count = 0
    while total < megabytes * 1_000_000:
        maker, ending, _ = rng.choices(KINDS, [share for *_, share in KINDS])[0]
        folder = root / rng.choice(WORDS) / rng.choice(WORDS)
        folder.mkdir(parents=True, exist_ok=True)
        text = maker(rng, rng.random() < 0.1)
        (folder / f"{rng.choice(WORDS)}_{count}.{ending}").write_text(text, "utf-8")
        total += len(text)
        count += 1
    return count


def resident(group: int) -> int:
    """Bytes in memory of all processes of a group; pages that they share count once each."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == group:
                    total += int((entry / "statm").read_text().split()[1]) * os.sysconf(
                        "SC_PAGESIZE"
                    )
            except (OSError, ValueError):
                continue
    return total


def run(command: list[str]) -> tuple[float, float, int, str]:
    """(seconds, CPU seconds, peak bytes of all processes, output)."""
    before = os.times()
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(
            command, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True
        )
        peak = 0
        while child.poll() is None:
            peak = max(peak, resident(child.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - start
        out.seek(0)
        after = os.times()
        used = after.children_user + after.children_system
        return (
            seconds,
            used - before.children_user - before.children_system,
            peak,
            out.read().strip(),
        )


def main(arguments: list[str]) -> int:
    folder = Path(tempfile.mkdtemp(prefix="audit-bench-"))
    try:
        if "--real" in arguments:
            root = Path(arguments[arguments.index("--real") + 1])
        else:
            root = folder / "tree"
            megabytes = int(arguments[0]) if arguments else 50
            count = generate(root, megabytes)
            print(f"{count} files, {megabytes} MB")
        cache = str(folder / "cache.sqlite")
        commands = {
            "grep -rE (yardstick)": ["grep", "-rEc", r"gpt-4|from_pretrained", str(root)],
            "no cache": [sys.executable, "-c", CODE, str(root)],
            "new cache": [sys.executable, "-c", CODE, str(root), cache],
            "filled cache": [sys.executable, "-c", CODE, str(root), cache],
        }
        print(f"{'run':<22}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}")
        outputs = set()
        for name, command in commands.items():
            seconds, used, peak, out = run(command)
            print(f"{name:<22}{seconds:9.2f}{used:9.2f}{peak / 1e6:9.1f}")
            if "grep" not in name:
                outputs.add(out)
        print("files, read, bytes, models, infrastructure, unknown:", *sorted(outputs), sep="\n  ")
        return 0 if len(outputs) == 1 else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
