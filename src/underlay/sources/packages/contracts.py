"""Contracts of what released packages say: declared, bundled, registered, tested."""

from __future__ import annotations

from underlay.sources.base import OBSERVED_ON, SNAPSHOT
from underlay.tables import Check, Column, Table

__all__ = [
    "ARCHITECTURE",
    "BACKEND",
    "CI",
    "MODEL_SUPPORT",
    "NATIVE_LIBRARY",
    "RELEASE",
    "REQUIREMENT",
    "TABLES",
]

_PACKAGE = Column("package", "string", "name on the index, normalised", True)
_VERSION = Column("version", "string", "version as the artifact's name has it", True)
_ARTIFACT = Column("artifact", "string", "file name of the wheel or sdist", True)
_RUNTIME = Column("runtime", "string", "runtime or library whose support this is", True)
_PATH = Column("path", "string", "member of the artifact that says so; an sdist's folder left out")
_HEAD = (OBSERVED_ON, _PACKAGE, _VERSION, _ARTIFACT)
_NOT_NEGATIVE = Check("size not negative", "size_bytes", lowest=0)

RELEASE = Table(
    name="raw_packages__release",
    doc="One row per artifact (wheel or sdist) that was read.",
    key=("package", "version", "artifact"),
    columns=(
        *_HEAD,
        Column("kind", "string", "wheel or sdist", True),
        Column("tags", "string", "Python, ABI and platform tags of a wheel; null for an sdist"),
        Column("size_bytes", "int64", "size of the artifact"),
        Column("artifact_sha256", "string", "digest as the index states it or as computed here"),
        Column("uploaded_on", "date", "day of the upload; null where the index doesn't say"),
        Column(
            "built_on",
            "date",
            "day of the newest member; null where the build wrote a constant (1980, 2016, 2020)",
        ),
        Column(
            "date_basis",
            "string",
            "what `observed_on` is: uploaded, built, listed (upper bound: the list of packages"
            " to read named the version on that day), given",
            True,
        ),
        Column("members_count", "int32", "files in the artifact"),
        Column("python_specifier", "string", "Requires-Python"),
        Column("licence", "string", "License-Expression, else License of one line"),
        Column("summary", "string", "one-line description by its authors"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(
        Check("wheel or sdist", "kind", one_of=("wheel", "sdist")),
        Check("known basis", "date_basis", one_of=("uploaded", "built", "listed", "given")),
        _NOT_NEGATIVE,
    ),
)
ARCHITECTURE = Table(
    name="raw_packages__architecture",
    doc="One row per entry of a model registry in one artifact: a model class, a model type or"
    " a GGUF architecture as written there.",
    key=(
        "package",
        "version",
        "artifact",
        "registry",
        "category",
        "architecture",
        "model_type",
        "implementation",
        "path",
    ),
    columns=(
        *_HEAD,
        _RUNTIME,
        Column("architecture", "string", "class, model type or GGUF name as written", True),
        Column("id_kind", "string", "hf_class, hf_model_type, gguf_arch or hf_config_class", True),
        Column("model_type", "string", "`model_type` that leads to it, where the registry says"),
        Column("registry", "string", "constant, decorator or folder that holds the entry", True),
        Column(
            "category",
            "string",
            "task of the registry: text-generation, embedding, multimodal, speculative, ...",
            True,
        ),
        Column(
            "status",
            "string",
            "supported, removed, out-of-tree (an external plug-in has it) or via-transformers",
            True,
        ),
        Column("last_version", "string", "last version that had it, for removed ones"),
        Column("implementation", "string", "module or class that serves it, as written"),
        _PATH,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(
        Check(
            "known kind",
            "id_kind",
            one_of=("hf_class", "hf_model_type", "gguf_arch", "hf_config_class"),
        ),
        Check(
            "known status",
            "status",
            one_of=("supported", "removed", "out-of-tree", "via-transformers"),
        ),
    ),
)
REQUIREMENT = Table(
    name="raw_packages__requirement",
    doc="One row per requirement that an artifact declares (PEP 508). What is declared is not"
    " what is bundled or measured.",
    key=("package", "version", "artifact", "requirement"),
    columns=(
        *_HEAD,
        Column("requirement", "string", "the declaration as written", True),
        Column("name", "string", "required package, normalised", True),
        Column("extras", "string", "extras asked of it, sorted, separated by commas; or null"),
        Column("specifier", "string", "versions allowed; null for any"),
        Column("marker", "string", "environment marker; null for none"),
        Column("extra", "string", "extra of this package that brings it; null for a hard one"),
        Column("is_hard", "bool", "needed without any extra (other markers may still apply)", True),
        Column("url", "string", "direct reference, where there is one"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
)
NATIVE_LIBRARY = Table(
    name="raw_packages__native_library",
    doc="One row per native library that a wheel bundles.",
    key=("package", "version", "artifact", "path"),
    columns=(
        *_HEAD,
        Column("path", "string", "member of the wheel", True),
        Column("size_bytes", "int64", "size unpacked", True),
        Column("compressed_bytes", "int64", "size packed"),
        Column("backend", "string", "toolchain that the name suggests; null for none"),
        Column("backend_rule", "string", "part of the path that suggested it"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(_NOT_NEGATIVE,),
)
BACKEND = Table(
    name="raw_packages__backend",
    doc="One row per backend that an artifact names in its structure: a platform module, a"
    " backend folder or an entry point.",
    key=("package", "version", "artifact", "kind", "backend", "path"),
    columns=(
        *_HEAD,
        _RUNTIME,
        Column("backend", "string", "name as written: cuda, rocm, xpu, cann ...", True),
        Column(
            "kind",
            "string",
            "platform-module, backend-folder, entry-point, device-check or device-map",
            True,
        ),
        Column("detail", "string", "entry point's target, or what else the place says"),
        Column("size_bytes", "int64", "code behind it; a very small module is a stub"),
        _PATH,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(_NOT_NEGATIVE,),
)
CI = Table(
    name="raw_packages__ci",
    doc="One row per test job of a project's CI, hardware and model that the job names. A job"
    " without a known model has null there: it tests kernels or the engine.",
    key=(
        "package",
        "version",
        "artifact",
        "path",
        "job",
        "hardware",
        "test",
        "model_id",
        "architecture",
        "model_path",
    ),
    columns=(
        *_HEAD,
        _RUNTIME,
        Column("backend", "string", "toolchain of the hardware; null if unknown"),
        Column(
            "hardware", "string", "runner or device label as written; null if the job names none"
        ),
        Column("job", "string", "label of the job or name of the test", True),
        Column("test", "string", "test file or configuration that the job runs"),
        Column("model_id", "string", "model as the test names it, mostly a Hub id"),
        Column("architecture", "string", "class, where the test names classes"),
        Column("model_path", "string", "member that names the model, if not the job's own file"),
        Column(
            "is_filtered",
            "bool",
            "the job runs only some tests of that file (-k, -m ...), so perhaps not this model",
        ),
        Column(
            "is_blocking", "bool", "false where a failure doesn't stop the build, or it is optional"
        ),
        _PATH,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
)
MODEL_SUPPORT = Table(
    name="raw_packages__model_support",
    doc="One row per model that a document or a folder inside an artifact names for a backend,"
    " and per example model that a project names for an architecture.",
    key=(
        "package",
        "version",
        "artifact",
        "path",
        "kind",
        "section",
        "model",
        "architecture",
        "hardware",
        "feature",
    ),
    columns=(
        *_HEAD,
        _RUNTIME,
        Column("backend", "string", "backend of the statement; null for the runtime as a whole"),
        Column(
            "kind",
            "string",
            "document (a table for people), example (a model for a class), code (a folder of"
            " model code for one vendor) or configuration (a list that the code reads)",
            True,
        ),
        Column("model", "string", "model or family as written", True),
        Column("architecture", "string", "class, where it is stated"),
        Column("hardware", "string", "product that the statement is about"),
        Column("feature", "string", "column of the table, if the statement is about one feature"),
        Column("statement", "string", "what it says, as written: yes, no, a tick, a precision ..."),
        Column("section", "string", "headings above the table"),
        _PATH,
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(Check("known kind", "kind", one_of=("document", "example", "code", "configuration")),),
)

TABLES = (RELEASE, ARCHITECTURE, REQUIREMENT, NATIVE_LIBRARY, BACKEND, CI, MODEL_SUPPORT)
