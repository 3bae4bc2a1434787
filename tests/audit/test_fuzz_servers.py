"""Facts of broken files put together: what links a tree may not fail, whatever is in it. Slow."""

from __future__ import annotations

import random
from pathlib import PurePosixPath

import pytest
from tests.audit.test_fuzz import mutated, samples

from underlay.audit.detectors.infrastructure.services import Services
from underlay.audit.detectors.models.addresses import Addresses
from underlay.audit.detectors.models.python import Python
from underlay.audit.detectors.models.settings import SettingsFiles
from underlay.audit.findings import OUTSIDE, File, ModelReference
from underlay.audit.servers import Servers, with_addresses

NAMES = (
    "a.py", "app/conf.py", "run.sh", "Dockerfile", "docker-compose.yml", "k8s/app.yaml", ".env",
    "web/a.ts", "README.md", "models/a.yaml",
)  # fmt: skip
MARKS = (
    b"OPENAI_BASE_URL=http://localhost:8000/v1", b"os.environ['LLM_BASE_URL']", b"build: .",
    b"environment:\n", b"<<: *env", b"x-env: &env\n", b"BaseSettings", b"name: gpt-4o\n",
    b"backend: x\nparameters:\n  model: y\n", b"export ", b"python a.py\n", b"```bash\n",
    b"services:\n", b"ENV ", b"base_url=", b"OpenAI(", b"process.env.LLM_BASE_URL",
)  # fmt: skip
TREES = 12_000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_tree_fails(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - inputs, no secret
    known = samples()
    every = [text for texts in known.values() for text in texts]
    detectors = (Services(), SettingsFiles())
    for _ in range(TREES // 4):
        addresses, python, findings = {}, {}, []
        for name in rng.sample(NAMES, 3):
            path = PurePosixPath(name)
            data = mutated(rng, known.get(path.suffix or path.name) or every)
            for _ in range(rng.randint(0, 3)):
                at = rng.randint(0, len(data))
                data = data[:at] + rng.choice(MARKS) + data[at:]
            file = File(path, data, size=len(data))
            if Addresses().wants(path, len(data)) and (found := Addresses().facts(file)):
                addresses[name] = found
            if Python().wants(path, len(data)) and (found := Python().facts(file)):
                python[name] = found
            for detector in detectors:
                if detector.wants(path, len(data)):
                    findings += detector.detect(file)
        servers = Servers(addresses)
        findings += Python().link(with_addresses(python, servers))
        judged = servers.judged(findings)
        assert len(judged) == len(findings)
        assert not any(OUTSIDE in f.flags for f in judged if isinstance(f, ModelReference))
