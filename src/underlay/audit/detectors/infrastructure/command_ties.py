"""What a command line ties a project to: what it installs, which image and device it runs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.catalogue import Entry, catalogue, cuda_version
from underlay.audit.detectors.infrastructure.device_names import TOOLS, VARIABLES
from underlay.audit.readers.shell import Command, read_shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from underlay.audit.detectors.infrastructure.ties import Ties
    from underlay.audit.findings import Infrastructure, Role
    from underlay.audit.readers.documents import Fragment
    from underlay.audit.readers.shell import Assignment, Value, Word

__all__ = [
    "command_ties",
    "device_path",
    "named_variable",
    "shell_ties",
    "speaks",
    "variable_ties",
    "word_ties",
]

# words, in lower case, without one of which no command line below can tie to anything; none is
# a part of a common word, as `tpu` is of `output` and `ascend` of `descending`
SPOKEN = (
    b"nvidia", b"cuda", b"gpu", b"rocm", b"nvcc", b"hipcc", b"hipblas", b"_hip", b"rocblas",
    b"neuron", b"ascend-", b"ascend/", b"huawei", b"cann=", b"-npu", b"_npu", b"=npu", b" npu",
    b"npu-", b"gaudi", b"habana", b"oneapi", b"sycl", b"xpu", b"-dggml", b"-dllama", b"_metal",
    b"vulkan", b"musa", b"libtpu", b"tpu-", b"-tpu", b"/tpu", b"/cu1", b"nccl", b"instance-type",
    b"instance_type", b"instancetype", b"machine-type", b"machine_type", b"machinetype",
    b"accelerator", b"ollama/ollama", b"text-generation-inference", b"text-embeddings-inference",
    b"vllm", b"sglang", b"openvino", b"standard_n", b"xlarge", b"highgpu", b"/dev/",
    b"amd.com", b"node-type", b"_visible_", b"vm_size",
)  # fmt: skip
# further words of what an `install` can bring
_INSTALLED = (
    b"torch", b"flash", b"xformers", b"bitsandbytes", b"tensorrt", b"deepspeed", b"onnxruntime",
    b"triton", b"apex", b"jax", b"ipex", b"mlx", b"openai", b"anthropic", b"genai", b"generativeai",
    b"faster-whisper", b"ctranslate2", b"faiss", b"awq", b"gptq", b"cupy", b"cohere", b"replicate",
    b"groq", b"mistralai", b"tensorflow", b"fal-client", b"llama-cpp", b"llama_cpp", b"lmdeploy",
    b"modal", b"runpod", b"sagemaker", b"dashscope", b"zhipuai", b"cudnn", b"ai-sdk", b"langchain",
    b"llama-index", b"elevenlabs", b"deepgram", b"assemblyai", b"voyageai", b"litellm", b"mamba-",
)  # fmt: skip
_INSTALLING = (b"install", b" add ", b"uvx ")


def speaks(lowered: bytes) -> bool:
    """Whether a text in lower case may hold a command, an image or a machine that ties."""
    for word in SPOKEN:  # a third of the time of `any`, for each file of the tree
        if word in lowered:
            return True
    return any(word in lowered for word in _INSTALLING) and any(
        word in lowered for word in _INSTALLED
    )


_PIP = frozenset(("pip", "pip3", "pip2", "uv", "pipenv", "poetry", "pdm", "pipx", "rye", "hatch"))
_CONDA = frozenset(("conda", "mamba", "micromamba", "pixi"))
_NPM = frozenset(("npm", "pnpm", "yarn", "bun"))
_SYSTEM = frozenset(("apt", "apt-get", "yum", "dnf", "apk", "zypper", "microdnf", "aptitude"))
_ENGINES = frozenset(("docker", "podman", "nerdctl"))
_PREFIXES = frozenset(
    (
        "sudo",
        "env",
        "exec",
        "time",
        "nohup",
        "command",
        "!",
        "xvfb-run",
        "nice",
        "then",
        "do",
        "srun",
    )
)
_INSTALLS = frozenset(("install", "add", "i", "download", "wheel", "inject"))
_INDEX = frozenset(
    ("--index-url", "-i", "--extra-index-url", "-f", "--find-links", "--index", "--default-index")
)
_TAKES_VALUE = frozenset(
    ("-r", "--requirement", "-c", "--constraint", "-t", "--target", "--python", "-p", "-n",
     "--name", "--prefix", "--platform", "--python-version", "--timeout", "--cache-dir",
     "--trusted-host", "--no-binary", "--only-binary", "--group", "--extra", "-G", "--optional",
     "--upgrade-package", "--torch-backend", "--progress-bar", "--file")
)  # fmt: skip
_SYSTEM_PACKAGES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"(?:nvidia-driver|nvidia-utils|nvidia-open|cuda-drivers?|nvidia-kernel|"
                r"nvidia-fabricmanager|nvidia-headless|nvidia-container|nvidia-docker|datacenter-"
                r"gpu-manager|libnvidia|nvidia-modprobe)[\w.+=-]*"), "nvidia", "hardware"),
    (re.compile(r"(?:cuda|libcudnn|cudnn|libnccl|libcu(?:blas|fft|rand|solver|sparse)|"
                r"libnv(?:infer|jpeg|toolsext)|tensorrt|nsight)[\w.+=-]*|nvidia-cuda-[\w.+-]+|"
                r"nvidia-cudnn[\w.+-]*"), "nvidia", "toolchain"),
    (re.compile(r"(?:rocm|hip-|hipcc|hipblas|miopen|rocblas|rccl|amdgpu|rocminfo)[\w.+=-]*"),
     "amd", "toolchain"),
    (re.compile(r"(?:intel-oneapi|intel-opencl|intel-level-zero|libze|intel-basekit)[\w.+=-]*"),
     "intel", "toolchain"),
    (re.compile(r"aws-neuronx?-[\w.+=-]+"), "amazon", "hardware"),
    (re.compile(r"(?:ascend-|Ascend-cann)[\w.+=-]*"), "huawei", "toolchain"),
)  # fmt: skip
_SYSTEM_NAMES = {
    ("nvidia", "hardware"): "driver:nvidia",
    ("nvidia", "toolchain"): "toolchain:cuda",
    ("amd", "toolchain"): "toolchain:rocm",
    ("intel", "toolchain"): "toolchain:oneapi",
    ("amazon", "hardware"): "toolchain:neuron",
    ("huawei", "toolchain"): "toolchain:cann",
}
_CMAKE = re.compile(
    r"-D(?:GGML|LLAMA|WHISPER|SD|WITH|USE|ENABLE|ENABLE_)?_?"
    r"(?P<name>CUDA|CUBLAS|CUDNN|HIPBLAS|HIP|ROCM|METAL|SYCL|VULKAN|CANN|MUSA|OPENCL|TENSORRT)"
    r"(?:_[A-Z]{1,12})?=(?:on|1|true|yes)",
    re.IGNORECASE,
)
_CMAKE_TOOLCHAINS = {
    "cuda": "cuda", "cublas": "cuda", "cudnn": "cuda", "tensorrt": "cuda", "hipblas": "rocm",
    "hip": "rocm", "rocm": "rocm", "metal": "metal", "sycl": "oneapi", "vulkan": "vulkan",
    "cann": "cann", "musa": "musa", "opencl": "opencl",
}  # fmt: skip
_DEVICES = (
    (re.compile(r"/dev/(?:kfd|dri/renderD\d+)"), "amd"),
    (re.compile(r"/dev/nvidia[\w-]*|nvidia\.com/gpu\S*"), "nvidia"),
    (re.compile(r"/dev/(?:davinci\d*|davinci_manager|hisi_hdc)"), "huawei"),
    (re.compile(r"/dev/neuron\d*"), "amazon"),
    (re.compile(r"/dev/(?:accel\d*|vfio/\d+)"), "google"),
    (re.compile(r"amd\.com/gpu\S*"), "amd"),
)
_DEVICE_OPTION = frozenset(("--device", "--device-type", "--accelerator"))
_DEVICE_VALUES = {"cuda": ("api:cuda", "nvidia"), "npu": ("api:npu", "huawei"),
                  "xpu": ("api:xpu", "intel"), "hpu": ("api:hpu", "intel"),
                  "mps": ("api:mps", "apple")}  # fmt: skip
_OTHER_VARIABLES = {
    "HIP_VISIBLE_DEVICES": ("api:hip", "amd"),
    "ROCR_VISIBLE_DEVICES": ("api:hip", "amd"),
    "HSA_OVERRIDE_GFX_VERSION": ("api:hip", "amd"),
    "PYTORCH_ROCM_ARCH": ("toolchain:rocm", "amd"),
    "ROCM_HOME": ("toolchain:rocm", "amd"),
    "ASCEND_RT_VISIBLE_DEVICES": ("api:npu", "huawei"),
    "ASCEND_VISIBLE_DEVICES": ("api:npu", "huawei"),
    "ZE_AFFINITY_MASK": ("api:xpu", "intel"),
    "ONEAPI_DEVICE_SELECTOR": ("api:xpu", "intel"),
    "HABANA_VISIBLE_DEVICES": ("api:hpu", "intel"),
    "NEURON_RT_VISIBLE_CORES": ("api:neuron", "amazon"),
    "TPU_VISIBLE_CHIPS": ("api:tpu", "google"),
}
_MODULES = {"cuda": "cuda", "cudnn": "cuda", "nccl": "cuda", "nvhpc": "cuda", "rocm": "rocm",
            "oneapi": "oneapi", "cann": "cann"}  # fmt: skip
_DRIVER = Entry("nvidia", "tied", "hardware", "the other makers' container runtimes and plug-ins")
_HIP_TOOLS = {"hipcc": ("toolchain:rocm", "amd", "toolchain"), "rocm-smi": ("tool:rocm-smi", "amd",
              "hardware"), "amd-smi": ("tool:amd-smi", "amd", "hardware"), "npu-smi":
              ("tool:npu-smi", "huawei", "hardware"), "xpu-smi": ("tool:xpu-smi", "intel",
              "hardware"), "neuron-ls": ("tool:neuron-ls", "amazon", "hardware")}  # fmt: skip


def shell_ties(
    fragment: Fragment,
    ties: Ties,
    *,
    role: Role = "use",
    variables: Mapping[str, tuple[Value, ...]] | None = None,
) -> Iterator[Infrastructure]:
    """What every command of a script ties to."""
    for part in read_shell(fragment, variables):
        if isinstance(part, Command):
            yield from command_ties(part, ties, role=role)
        else:
            yield from variable_ties([part], ties, role=role)


def variable_ties(
    assignments: Iterable[Assignment], ties: Ties, *, role: Role = "use"
) -> Iterator[Infrastructure]:
    """Environment variables that an accelerator's interface or toolchain reads."""
    for one in assignments:
        yield from _variable(one.name, [v.text for v in one.values], one.line, one.column, ties,
                             role)  # fmt: skip
        for value in one.values:
            yield from _cmake(value.text, value.line, value.column, ties, role)
            yield from _image(value.text, value.line, value.column, ties, role)
            yield from _address(value.text, value.line, value.column, ties, role)


def _variable(
    name: str, values: list[str], line: int, column: int, ties: Ties, role: Role
) -> Iterator[Infrastructure]:
    other = _OTHER_VARIABLES.get(name)
    if other:
        component, vendor = other
        entry = Entry(vendor, "switch", "toolchain" if "tool" in component else "interface")
        yield ties.at(component, entry, line, column, "variable", name, role=role)
        return
    known = VARIABLES.get(name)
    if known is None and name not in ("CUDA_VERSION", "NV_CUDA_VERSION", "CUDNN_VERSION"):
        return
    need, replacement = known or ("toolchain", "ROCM_VERSION")
    if values and values[0] in ("", "-1", "none", "void", "NoDevFiles"):
        return  # CUDA_VISIBLE_DEVICES="" is how code says that it wants no accelerator
    component = {"interface": "api:cuda", "hardware": "device:nvidia"}.get(need, "toolchain:cuda")
    entry = Entry("nvidia", "tied" if need == "hardware" else "switch", need, replacement)
    yield ties.at(component, entry, line, column, "variable", name, role=role)


def named_variable(
    name: str, value: str, line: int, column: int, ties: Ties, role: Role = "use"
) -> Iterator[Infrastructure]:
    """An environment variable with its value, as a configuration file writes it."""
    yield from _variable(name, [value], line, column, ties, role)
    yield from _cmake(value, line, column, ties, role)
    yield from _image(value, line, column, ties, role)
    yield from _address(value, line, column, ties, role)


def _address(text: str, line: int, column: int, ties: Ties, role: Role) -> Iterator[Infrastructure]:
    if "://" in text and len(text) < 1000:
        pinned = catalogue().index(text)
        if pinned and re.search(r"/whl|pypi|simple|wheels|releases|\.whl", text):
            yield ties.toolchain(pinned, line, column, "index", text, role=role)


def _cmake(text: str, line: int, column: int, ties: Ties, role: Role) -> Iterator[Infrastructure]:
    for match in _CMAKE.finditer(text[:4000]):
        name = _CMAKE_TOOLCHAINS[match["name"].lower()]
        entry = catalogue().toolchain(name)
        yield ties.at(f"toolchain:{name}", entry, line, column, "build-option", match[0], role=role)


def _image(text: str, line: int, column: int, ties: Ties, role: Role) -> Iterator[Infrastructure]:
    if "/" not in text or ":" not in text or "://" in text or len(text) > 300 or " " in text:
        return
    found = catalogue().image(text)
    if found:
        yield ties.at(found[0], found[1], line, column, "image", text, role=role)


def word_ties(
    text: str, line: int, column: int, ties: Ties, *, rule: str = "instance", role: Role = "use"
) -> Iterator[Infrastructure]:
    """A machine of a cloud, alone or after `key=`."""
    for part in re.split(r"[=,;]", text[:300]):
        found = catalogue().instance(part.strip("\"' ").rpartition("/")[2])
        if found:
            name = part.strip("\"' ").rpartition("/")[2]
            yield ties.at(f"instance:{found.cloud}/{name}", found.entry, line, column, rule, text,
                          role=role)  # fmt: skip


def command_ties(command: Command, ties: Ties, *, role: Role = "use") -> Iterator[Infrastructure]:
    """What one command ties to."""
    yield from variable_ties(command.environment, ties, role=role)
    words = list(command.words)
    while words and (words[0].text in _PREFIXES or words[0].text.startswith("-")):
        words = words[1:]
    if not words:
        return
    name = words[0].text.rpartition("/")[2]
    rest = words[1:]
    if re.fullmatch(r"python[\d.]*|py", name) and [w.text for w in rest[:2]] == ["-m", "pip"]:
        name, rest = "pip", rest[2:]
    if name in ("uv", "uvx") and rest and rest[0].text == "pip":
        name, rest = "pip", rest[1:]
    tool = TOOLS.get(name)
    if tool:
        entry = Entry("nvidia", "tied", tool[0], tool[1])
        yield ties.at(f"tool:{name}", entry, words[0].line, words[0].column, "tool", name,
                      role=role)  # fmt: skip
    elif name in _HIP_TOOLS:
        component, vendor, _ = _HIP_TOOLS[name]
        need = "toolchain" if component.startswith("toolchain") else "hardware"
        entry = Entry(vendor, "tied", "toolchain" if need == "toolchain" else "hardware")
        yield ties.at(component, entry, words[0].line, words[0].column, "tool", name, role=role)
    elif name in _PIP or name in _CONDA:
        yield from _python_packages(name, rest, ties, role)
    elif name in _NPM:
        yield from _npm_packages(rest, ties, role)
    elif name in _SYSTEM:
        yield from _system_packages(rest, ties, role)
    elif name in _ENGINES:
        yield from _engine(rest, ties, role)
    elif name in ("module", "ml"):
        for word in rest:
            toolchain = _MODULES.get(word.text.partition("/")[0].lower())
            if toolchain:
                version = word.text.partition("/")[2] or None
                yield ties.at(f"toolchain:{toolchain}", catalogue().toolchain(toolchain), word.line,
                              word.column, "system-package", f"{name} load {word.text}",
                              tie="tied", version=version, role=role)  # fmt: skip
    elif name == "uvx":
        yield from _requirements(rest[:1], ties, role)
    yield from _options(words, ties, role)


def _requirements(words: Iterable[Word], ties: Ties, role: Role) -> Iterator[Infrastructure]:
    for word in words:
        for value in word.values:
            if value.is_literal and value.text:
                yield from (
                    replace(found, rule=f"{ties.detector}/installs")
                    if found.rule.endswith("/package")
                    else found
                    for found in ties.requirement(value.text, value.line, value.column, role=role)
                )


def _python_packages(
    name: str, words: list[Word], ties: Ties, role: Role
) -> Iterator[Infrastructure]:
    verb = next((i for i, w in enumerate(words) if w.text in _INSTALLS or w.text == "create"), None)
    if name == "uv" and words and words[0].text in ("sync", "run"):
        verb = 0
    if verb is None:
        return
    channels = name in _CONDA
    skip = False
    for position, word in enumerate(words[verb + 1 :], verb + 1):
        text = word.text
        if skip:
            skip = False
            if words[position - 1].text in ("--extra", "-E", "--extras"):
                choice = catalogue().chosen("*", text)
                if choice:
                    yield ties.at(f"extra:{text}", choice, word.line, word.column, "extra",
                                  f"--extra {text}", role=role)  # fmt: skip
            continue
        option, _, value = text.partition("=")
        if option in _INDEX and text.startswith("-"):
            target = word if value else [*words, word][position + 1]
            yield from _index_word(target, value, ties, role)
            skip = not value
        elif channels and text in ("-c", "--channel"):
            if position + 1 < len(words):
                channel = words[position + 1]
                pinned = catalogue().channel(channel.text)
                if pinned:
                    yield ties.toolchain(pinned, channel.line, channel.column, "index",
                                         f"-c {channel.text}", role=role)  # fmt: skip
            skip = True
        elif text.startswith("-"):
            if option == "--torch-backend" and value:
                pinned = catalogue().pin(f"+{value}")
                if pinned:
                    yield ties.toolchain(pinned, word.line, word.column, "index", text, role=role)
            skip = option in _TAKES_VALUE and not value
        elif name == "uv" and verb == 0 and words[0].text in ("sync", "run"):
            return
        elif channels:
            for one in word.values:
                if one.is_literal:
                    yield from ties.conda(one.text, one.line, one.column, role=role)
        else:
            yield from _requirements([word], ties, role)


def _index_word(word: Word, value: str, ties: Ties, role: Role) -> Iterator[Infrastructure]:
    for one in word.values:
        url = one.text.partition("=")[2] if value else one.text
        yield from ties.address(url, one.line, one.column, role=role)


def _npm_packages(words: list[Word], ties: Ties, role: Role) -> Iterator[Infrastructure]:
    if not words or words[0].text not in _INSTALLS:
        return
    for word in words[1:]:
        if not word.text.startswith("-"):
            name, _, version = word.text.rpartition("@")
            if not name:
                name, version = word.text, ""
            yield from ties.package(name, word.line, word.column, ecosystem="npm",
                                    version=version or None, rule="installs",
                                    role=role)  # fmt: skip


def _system_packages(words: list[Word], ties: Ties, role: Role) -> Iterator[Infrastructure]:
    if not any(word.text in ("install", "add", "in") for word in words):
        return
    for word in words:
        for value in word.values:
            for pattern, vendor, need in _SYSTEM_PACKAGES:
                if len(value.text) < 120 and pattern.fullmatch(value.text):
                    component = _SYSTEM_NAMES[vendor, need]
                    toolchain = component.partition(":")[2]
                    if component.startswith("toolchain:"):
                        entry = catalogue().toolchain(toolchain, _version(value.text))
                    else:
                        entry = _DRIVER
                    yield ties.at(component, entry, value.line, value.column, "system-package",
                                  value.text, role=role, tie="tied")  # fmt: skip
                    break


def _version(name: str) -> str | None:
    found = re.search(r"[-_](\d{1,2})[-.](\d{1,2})(?:$|[-_.=])", name)
    if found:
        return f"{found[1]}.{found[2]}"
    found = re.search(r"cuda-?(\d{2,3})\b", name)
    return cuda_version(found[1]) if found else None


def _engine(words: list[Word], ties: Ties, role: Role) -> Iterator[Infrastructure]:
    if not any(word.text in ("run", "create", "pull", "build", "compose") for word in words[:3]):
        return
    for position, word in enumerate(words):
        text = word.text
        following = words[position + 1].text if position + 1 < len(words) else ""
        option, sign, value = text.partition("=")
        value = value if sign else following
        if option == "--gpus" and value:
            yield ties.at("device:nvidia", _DRIVER, word.line, word.column, "gpus",
                          f"--gpus {value}", role=role)  # fmt: skip
        elif option == "--runtime" and value in ("nvidia", "habana"):
            entry = _DRIVER if value == "nvidia" else replace(_DRIVER, vendor="intel")
            yield ties.at(f"device:{entry.vendor}", entry, word.line, word.column, "runtime",
                          f"--runtime={value}", role=role)  # fmt: skip
        elif option == "--device":
            yield from device_path(value, word.line, word.column, ties, role)
        elif not text.startswith("-"):
            for one in word.values:
                yield from _image(one.text, one.line, one.column, ties, role)


def device_path(
    text: str, line: int, column: int, ties: Ties, role: Role
) -> Iterator[Infrastructure]:
    """A device file that a container is given."""
    path = text.partition(":")[0] if text.startswith("/") else text
    for pattern, vendor in _DEVICES:
        if pattern.fullmatch(path[:200]):
            entry = replace(_DRIVER, vendor=vendor)
            yield ties.at(f"device:{vendor}", entry, line, column, "device", text, role=role)
            return


def _options(words: list[Word], ties: Ties, role: Role) -> Iterator[Infrastructure]:
    """Options that many programs share: a device, a machine, a build."""
    previous = ""
    for word in words[1:]:
        text = word.text
        option, sign, value = text.partition("=")
        device = (
            value
            if sign and option in _DEVICE_OPTION
            else (text if previous in _DEVICE_OPTION else "")
        )
        known = _DEVICE_VALUES.get(device.partition(":")[0])
        if known:
            entry = Entry(known[1], "switch", "interface", "another value of the option")
            yield ties.at(known[0], entry, word.line, word.column, "device-option",
                          f"{option} {device}" if sign else f"{previous} {device}",
                          role=role)  # fmt: skip
        if text.upper().startswith("-D"):
            yield from _cmake(text, word.line, word.column, ties, role)
        for one in word.values:
            if one.is_literal:
                yield from word_ties(one.text, one.line, one.column, ties, role=role)
                if one.text.startswith("https://") and words[0].text in ("wget", "curl"):
                    yield from _fetched(one, ties, role)
        previous = text


def _fetched(value: Value, ties: Ties, role: Role) -> Iterator[Infrastructure]:
    pinned = catalogue().index(value.text)
    if pinned:
        yield ties.toolchain(pinned, value.line, value.column, "index", value.text, role=role)
