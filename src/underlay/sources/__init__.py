"""One module a publisher. Adding one: a module, a line here, a folder of test data."""

from __future__ import annotations

from underlay.errors import UnknownNameError
from underlay.sources.atom import Atom
from underlay.sources.base import Request, Snapshot, Source, Terms
from underlay.sources.code_coupling import CodeCoupling
from underlay.sources.epoch_chips import EpochChips
from underlay.sources.epoch_clusters import EpochClusters
from underlay.sources.epoch_companies import EpochCompanies
from underlay.sources.epoch_hardware import EpochHardware
from underlay.sources.epoch_models import EpochModels
from underlay.sources.hf_census import HfCensus
from underlay.sources.litellm import LiteLlm
from underlay.sources.llama_ops import LlamaOps
from underlay.sources.llmfit import LlmFit
from underlay.sources.lmarena import LmArena
from underlay.sources.lmarena_history import LmArenaHistory
from underlay.sources.mlperf import MlPerf
from underlay.sources.models_dev import ModelsDev
from underlay.sources.ollama import Ollama
from underlay.sources.openrouter import OpenRouter
from underlay.sources.openrouter_prices import OpenRouterPrices
from underlay.sources.openrouter_usage import OpenRouterUsage
from underlay.sources.os_ai_map import OsAiMap
from underlay.sources.osir_lmts import OsirLmts
from underlay.sources.packages import Packages
from underlay.sources.portability import Portability
from underlay.sources.pypi import PyPi
from underlay.sources.support_matrix import SupportMatrix
from underlay.sources.top500 import Top500
from underlay.sources.wheel_deps import WheelDeps

__all__ = ["SOURCES", "Request", "Snapshot", "Source", "Terms", "source"]

SOURCES: tuple[Source, ...] = (
    Atom(),
    CodeCoupling(),
    EpochChips(),
    EpochClusters(),
    EpochCompanies(),
    EpochHardware(),
    EpochModels(),
    HfCensus(),
    LiteLlm(),
    LlamaOps(),
    LlmFit(),
    LmArena(),
    LmArenaHistory(),
    MlPerf(),
    ModelsDev(),
    Ollama(),
    OpenRouter(),
    OpenRouterPrices(),
    OpenRouterUsage(),
    OsAiMap(),
    OsirLmts(),
    Packages(),
    Portability(),
    PyPi(),
    SupportMatrix(),
    Top500(),
    WheelDeps(),
)


def source(name: str) -> Source:
    """The source of that name; raises `UnknownNameError`."""
    for found in SOURCES:
        if found.name == name:
            return found
    raise UnknownNameError("source", name, tuple(found.name for found in SOURCES))
