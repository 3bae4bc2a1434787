"""Lines of Python and notebooks that speak an accelerator's interface."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.catalogue import Entry, catalogue
from underlay.audit.detectors.infrastructure.ties import Ties, imports_any, strongest
from underlay.audit.findings import Rule, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File, Infrastructure

__all__ = ["Coupling"]

# without one of these, or one of the imports below, a file can hold none of the events
_WORDS = (
    b"cuda", b"CUDA_", b"nvidia", b"nccl", b"flash_attention", b"load_in_", b"device_map",
    b"ExecutionProvider", b"NVIDIA_VISIBLE", b"pip_install", b"CUBLAS_", b"CUDAE", b"nvcc", b"/whl",
    b"instance_type=", b"machine_type=", b"image_uri=", b"vm_size=", b"gpu=", b"accelerator",
    b"from_registry(",
)  # fmt: skip
# further ones, of files that import PyTorch
_TORCH_WORDS = (
    b"torch.accelerator", b"torch.xpu", b"torch.npu", b"torch.mps", b"torch.hpu", b"torch.mlu",
    b"torch.musa", b"torch.backends", b'"mps', b"'mps", b'"npu', b"'npu", b'"xpu', b"'xpu", b'"hpu',
    b"'hpu", b'"mlu', b'"musa', b"hccl", b"xccl", b"torch import",
)  # fmt: skip
_MAGIC = re.compile(r"[ \t]*[!%][ \t]*(?P<command>\w[^\n]{2,2000})")
_TORCH = frozenset((b"torch",))
_LONGEST = 4_000_000
_LARGEST_NOTEBOOK = 4_000_000


@lru_cache(maxsize=1)
def _module_names() -> frozenset[bytes]:
    roots = {name.partition(".")[0] for name in catalogue().modules}
    # of these only what the words above see ties: `numba.cuda`, `nvidia.dali`
    return frozenset(root.encode() for root in roots - {"numba", "cuda", "nvidia"})


def _speaks(data: bytes) -> bool:
    return (
        any(word in data for word in _WORDS)
        or imports_any(data, _module_names())
        or (imports_any(data, _TORCH) and any(word in data for word in _TORCH_WORDS))
    )


class Coupling:
    """Where code is tied to CUDA or another interface, and where a choice guards it."""

    name = "coupling"
    version = 1
    rules = (
        Rule("coupling/torch-cuda", "`torch.cuda...`: PyTorch's interface to CUDA and ROCm"),
        Rule("coupling/torch-cuda-import", "names taken from `torch.cuda`"),
        Rule("coupling/torch-backends", "a flag of cuBLAS or cuDNN: nothing happens elsewhere"),
        Rule("coupling/cuda-method", "`.cuda()`: moves to CUDA or ROCm and nowhere else"),
        Rule("coupling/device", "a device named in a text, where a device belongs"),
        Rule("coupling/required", "stops where CUDA is not there"),
        Rule("coupling/import", "a library that needs an accelerator"),
        Rule("coupling/collectives", "a back end of torch.distributed"),
        Rule("coupling/triton-kernel", "a kernel in Triton's language"),
        Rule("coupling/cuda-kernel", "a kernel in Numba's or Warp's dialect of CUDA"),
        Rule("coupling/cuda-extension", "CUDA source that the project builds"),
        Rule("coupling/kernel", "Triton through another library"),
        Rule("coupling/attention", "FlashAttention asked for by name"),
        Rule("coupling/quantisation", "a quantisation of bitsandbytes"),
        Rule("coupling/provider", "an execution provider of ONNX Runtime"),
        Rule("coupling/environment", "a variable that CUDA or its tools read"),
        Rule("coupling/tool", "a vendor's command, started from code"),
        Rule("coupling/installs", "a package that code installs, in an image or from a notebook"),
        Rule("coupling/index", "an address of wheels for one toolchain, in a text of code"),
        Rule("coupling/machine", "a machine, an accelerator or an image that code asks for"),
        Rule("coupling/device-map", "placement left to the library"),
        Rule("coupling/neutral", "`torch.accelerator`: PyTorch's neutral interface"),
        Rule("coupling/other-accelerator", "another vendor's device or namespace"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Python files and notebooks."""
        if path.suffix == ".ipynb":
            return size <= _LARGEST_NOTEBOOK
        return path.suffix in (".py", ".pyi", ".pyw") and size <= _LONGEST

    def detect(self, file: File, /) -> Iterator[Infrastructure | Unknown]:
        """The couplings of one file, one per line and component."""
        if not _speaks(file.data) and not (
            file.path.suffix == ".ipynb" and b"install" in file.data
        ):
            return
        if file.path.suffix == ".ipynb":
            from underlay.audit.detectors.models.notebook import notebook_code

            code = notebook_code(file.data)
            yield from self._scan(code.text.encode(), file, code.position)
            yield from strongest(_magics(file))
        else:
            yield from self._scan(file.data, file, None)

    def _scan(
        self, data: bytes, file: File, position: Callable[[int, int], tuple[int, int]] | None
    ) -> Iterator[Infrastructure | Unknown]:
        from underlay.audit.detectors.infrastructure.python_interfaces import scan
        from underlay.audit.readers.syntax import python_source

        tree = python_source(data).tree
        if tree is None:
            return  # the detector of models says why
        ties = Ties(file.path, self.name)
        done = scan(tree)
        found = []
        for event in done.events:
            if not event.is_reported:
                continue
            line, column = event.line, event.column
            if position is not None:
                line, column = position(line, column)
            entry = Entry(event.vendor, event.tie, event.need, event.replacement)
            rule = event.rule.partition("/")[2]
            found.append(
                ties.at(event.component, entry, line, column, rule, event.evidence, role=event.role)
            )
        yield from strongest(found)
        if not done.is_complete:
            yield Unknown(
                file=str(file.path),
                line=0,
                text="",
                reason="too many nodes; read in part",
                rule=self.name,
            )


def _magics(file: File) -> Iterator[Infrastructure]:
    """Lines of a notebook that are commands: `!pip install ...`."""
    from underlay.audit.detectors.infrastructure.command_ties import shell_ties, speaks
    from underlay.audit.detectors.models.notebook import notebook_cells
    from underlay.audit.readers.documents import Fragment

    ties = Ties(file.path, "coupling")
    for cell in notebook_cells(file.data):
        for text, line, column in cell.lines if cell.kind == "code" else ():
            match = _MAGIC.match(text)
            if match and speaks(match["command"].lower().encode()):
                for found in shell_ties(Fragment(match["command"]), ties):
                    start = column + match.start("command") + found.column - 1
                    yield replace(found, line=line, column=start, rule="coupling/installs")
