"""Sentences that were written down, with what they say, before the parser was run on them.

The first set: 60 sentences, 40 to be read and 20 to be refused, written without a look at the words
that the parser knows. On the first run 21 of the 40 were read as meant, 18 refused and one read
otherwise (“não detém 90%” as “not about 90 %”); all of the 20 were refused: 41 of 60 (68 %). While
words were added, “Most derived models ...” was read as a lead and not as a majority, until “most”
got a rule of its own. The second set: 35 sentences written after that, 20 and 15. On its first run
18 of the 20 were read as meant, or refused where nothing is counted so, two were refused that
could be read, and none was read wrongly: 33 of 35 (94 %).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from underlay.claims.predicates import Compound, Quantity, Statement, negated, normal
from underlay.claims.understand import understand


@dataclass(frozen=True)
class Said:
    """What a sentence says; a measure may be any of a kind (a share or a level)."""

    kind: str
    measures: tuple[str, ...]
    parties: tuple[str, ...]
    other: str = ""
    number: float | None = None
    factor: float = 1.0
    is_denied: bool = False
    as_of: dt.date | None = None


DOWNLOADS = ("downloads_share", "downloads_level", "downloads_monthly")
STOCK = ("stock_share", "stock_level")
TOKENS = ("tokens_share", "tokens_level")
DERIVATIVES = ("derivatives_share", "derivatives_count")
SYSTEMS = ("supercomputer_share",)
FOUNDRIES = ("foundry_share",)
LIBRARIES = ("library_share", "library_level")
GAPS = ("arena_gap",)

# text, what it says: a claim of the ledger by its id, or a comparison
READ: list[tuple[str, str | Said]] = [
    (
        "More than half of all downloads on the Hub go to models made in China.",
        Said("at_least", DOWNLOADS, ("CN",), number=0.5),
    ),
    (
        "Fewer than 30% of Hugging Face downloads are of American models.",
        Said("at_most", DOWNLOADS, ("US",), number=0.3),
    ),
    (
        "Llama is not downloaded more often than Qwen.",
        Said("exceeds", DOWNLOADS, ("llama",), other="qwen", is_denied=True),
    ),
    (
        "The United States leads China in model downloads.",
        Said("exceeds", DOWNLOADS, ("US",), other="CN"),
    ),
    (
        "Nvidia holds at least 60 percent of the world's AI compute.",
        Said("at_least", STOCK, ("nvidia",), number=0.6),
    ),
    ("AMD's share of AI accelerators is below 10%.", Said("at_most", STOCK, ("amd",), number=0.1)),
    (
        "Google designed more of the AI compute sold than AMD.",
        Said("exceeds", STOCK, ("google",), other="amd"),
    ),
    (
        "TSMC fabricates over 80% of AI accelerators.",
        Said("at_least", FOUNDRIES, ("tsmc",), number=0.8),
    ),
    (
        "Chinese models do not account for a majority of the tokens on OpenRouter.",
        Said("at_least", TOKENS, ("CN",), number=0.5, is_denied=True),
    ),
    (
        "Meta's deep-learning frameworks are downloaded more than Google's.",
        Said("exceeds", LIBRARIES, ("meta",), other="google"),
    ),
    (
        "The US has more than twice as many TOP500 systems as China.",
        Said("exceeds", SYSTEMS, ("US",), other="CN", factor=2.0),
    ),
    (
        "Most derived models are built on Qwen.",
        Said("at_least", DERIVATIVES, ("qwen",), number=0.5),
    ),
    (
        "As of June 2026, DeepSeek had more downloads than Mistral.",
        Said("exceeds", DOWNLOADS, ("deepseek",), other="mistral", as_of=dt.date(2026, 6, 30)),
    ),
    (
        "Models from France have less than 5 % of downloads.",
        Said("at_most", DOWNLOADS, ("FR",), number=0.05),
    ),
    ("Qwen overtook Llama in cumulative downloads.", "C02"),
    (
        "The gap between the best American and the best Chinese model is at most 20 Elo points.",
        Said("gap_at_most", GAPS, ("US",), other="CN", number=20),
    ),
    ("A China lidera os downloads de modelos abertos.", "C01"),
    (
        "Os Estados Unidos têm menos de 40% dos downloads do Hugging Face.",
        Said("at_most", DOWNLOADS, ("US",), number=0.4),
    ),
    (
        "A Nvidia não detém 90% da computação de IA do mundo.",
        Said("at_least", STOCK, ("nvidia",), number=0.9, is_denied=True),
    ),
    ("O Qwen é mais baixado que o Llama.", Said("exceeds", DOWNLOADS, ("qwen",), other="llama")),
    (
        "A TSMC fabrica mais de três quartos dos aceleradores de IA.",
        Said("at_least", FOUNDRIES, ("tsmc",), number=0.75),
    ),
    ("Os modelos chineses são mais baratos que os americanos.", "C08"),
    (
        "A AMD supera a Intel no estoque de aceleradores.",
        Said("exceeds", STOCK, ("amd",), other="intel"),
    ),
    (
        "Os modelos chineses recebem mais tokens na OpenRouter do que os americanos.",
        Said("exceeds", TOKENS, ("CN",), other="US"),
    ),
    (
        "Os modelos dos EUA não são mais baixados do que os da China.",
        Said("exceeds", DOWNLOADS, ("US",), other="CN", is_denied=True),
    ),
    (
        "Em março de 2026 o Qwen liderava os downloads entre as famílias.",
        Said("leads", DOWNLOADS, ("qwen",), as_of=dt.date(2026, 3, 31)),
    ),
    (
        "A França tem mais supercomputadores no TOP500 do que a Itália.",
        Said("exceeds", SYSTEMS, ("FR",), other="IT"),
    ),
    (
        "Pelo menos um terço dos modelos derivados é baseado no Llama.",
        Said("at_least", DERIVATIVES, ("llama",), number=0.3333333333),
    ),
    ("中国模型的下载量超过美国。", Said("exceeds", DOWNLOADS, ("CN",), other="US")),
    ("英伟达占全球AI算力的六成以上。", Said("at_least", STOCK, ("nvidia",), number=0.6)),
    ("美国模型的下载份额不到四成。", Said("at_most", DOWNLOADS, ("US",), number=0.4)),
    ("通义千问的累计下载量超过了Llama。", "C02"),
    ("谷歌的AI算力份额高于AMD。", Said("exceeds", STOCK, ("google",), other="amd")),
    (
        "在OpenRouter上，中国模型的词元数没有超过一半。",
        Said("at_least", TOKENS, ("CN",), number=0.5, is_denied=True),
    ),
    ("台积电生产了超过80%的AI加速器。", Said("at_least", FOUNDRIES, ("tsmc",), number=0.8)),
    ("Llama的下载量不如Qwen。", Said("exceeds", DOWNLOADS, ("qwen",), other="llama")),
    (
        "截至2026年6月，美国在TOP500中的系统数量多于中国。",
        Said("exceeds", SYSTEMS, ("US",), other="CN", as_of=dt.date(2026, 6, 30)),
    ),
    (
        "中国在下载量上没有领先美国。",
        Said("exceeds", DOWNLOADS, ("CN",), other="US", is_denied=True),
    ),
    (
        "基于Qwen的衍生模型多于基于Llama的衍生模型。",
        Said("exceeds", DERIVATIVES, ("qwen",), other="llama"),
    ),
    ("法国模型的下载份额低于5%。", Said("at_most", DOWNLOADS, ("FR",), number=0.05)),
    (
        "OpenAI has fewer downloads than Meta.",
        Said("exceeds", DOWNLOADS, ("meta",), other="openai"),
    ),
    (
        "China accounts for no more than 45% of tokens.",
        Said("at_most", TOKENS, ("CN",), number=0.45),
    ),
    (
        "Germany is not ahead of France in supercomputers.",
        Said("exceeds", SYSTEMS, ("DE",), other="FR", is_denied=True),
    ),
    ("Nvidia dominates AI compute.", Said("at_least", STOCK, ("nvidia",), number=0.5)),
    (
        "American runtimes are downloaded more than Chinese runtimes.",
        Said("exceeds", LIBRARIES, ("US",), other="CN"),
    ),
    (
        "Gemma has at least twice the derivatives of Mistral.",
        Said("exceeds", DERIVATIVES, ("gemma",), other="mistral", factor=2.0),
    ),
    (
        "A Alibaba tem mais downloads do que a Meta.",
        Said("exceeds", DOWNLOADS, ("alibaba",), other="meta"),
    ),
    (
        "A participação dos Estados Unidos nos tokens não passa de 40%.",
        Said("at_most", TOKENS, ("US",), number=0.4),
    ),
    (
        "A China possui menos da metade dos downloads.",
        Said("at_most", DOWNLOADS, ("CN",), number=0.5),
    ),
    (
        "O Gemma supera o Mistral em modelos derivados.",
        Said("exceeds", DERIVATIVES, ("gemma",), other="mistral"),
    ),
    (
        "A Nvidia concentra quatro quintos dos aceleradores de IA.",
        Said("about", STOCK, ("nvidia",), number=0.8),
    ),
    (
        "英伟达在AI芯片中不占多数。",
        Said("at_least", STOCK, ("nvidia",), number=0.5, is_denied=True),
    ),
    ("德国的超算数量不及法国。", Said("exceeds", SYSTEMS, ("FR",), other="DE")),
    ("中国模型占词元数的三分之二以上。", Said("at_least", TOKENS, ("CN",), number=0.6666666667)),
    ("Gemma的衍生模型比Mistral多。", Said("exceeds", DERIVATIVES, ("gemma",), other="mistral")),
    ("美国不是下载量第一。", Said("leads", DOWNLOADS, ("US",), is_denied=True)),
]

REFUSED = [
    "China will overtake the United States in downloads next year.",
    "Qwen is safer than Llama.",
    "Because of export controls, Chinese models are downloaded more than American ones.",
    "More people use Qwen than Llama.",
    "Chinese models might be downloaded more than American ones.",
    "Nvidia's revenue is higher than AMD's.",
    "Qwen leads downloads in India.",
    "Is China ahead?",
    "Llama has more downloads than Zorblax.",
    "Only Chinese models are downloaded.",
    "The share of Chinese downloads doubled last week.",
    "If DeepSeek were closed, Llama would lead the downloads.",
    "China leads in downloads and the US leads in chips and Europe in regulation.",
    "A China vai ultrapassar os Estados Unidos em downloads até 2030.",
    "O Qwen é melhor que o Llama.",
    "A maioria das empresas brasileiras usa modelos chineses.",
    "中国模型可能会在明年超过美国。",
    "开发者更喜欢通义千问而不是Llama。",
    "华为芯片的性能优于英伟达。",
    "如果没有英伟达，中国模型就无法运行。",
    "Most companies in Europe run Qwen.",
    "China used to have more downloads than the US.",
    "Qwen is downloaded almost as often as Llama.",
    "Llama models based on Qwen lead downloads.",
    "Most accelerators are made in Taiwan.",
    "Chinese users download more than American users.",
    "Neither Qwen nor Llama leads.",
    "More accelerators are designed in China than in the US.",
    "Quase metade dos downloads é da China.",
    "O Brasil baixa mais modelos do que a Argentina.",
    "A Nvidia fabrica a maioria dos chips na Coreia.",
    "中国用户的下载量超过美国用户。",
    "英伟达的芯片大多在台湾生产。",
    "中国的下载量接近美国。",
    "除了英伟达，AMD的算力最多。",
]

# what could be read, or is counted nowhere: refused, not guessed
NOT_YET = [
    "Two thirds of the derivatives come from Chinese models.",
    "Japan holds less than a tenth of the known clusters.",
    "Samsung produces more AI accelerators than Intel.",
    "AMD的算力不到英伟达的一半。",
]


def statements(said: Said, by: str) -> list[object]:
    """The predicates that say it, one a measure, in their one form."""
    found = []
    for measure in said.measures:
        where = {"market": "deep-learning-framework"} if "frameworks" in by else {}
        where = {"market": "llm-runtime"} if "runtimes" in by else where
        quantity = Quantity.of(measure, by.split()[0], where, said.as_of)
        if said.kind == "about" and said.number is not None:
            low = Statement("at_least", quantity, said.parties, number=round(said.number - 0.05, 6))
            high = Statement("at_most", quantity, said.parties, number=round(said.number + 0.05, 6))
            found.append(normal(Compound("all_of", (low, high))))
            continue
        statement = Statement(
            said.kind,
            quantity,
            said.parties,
            other=said.other,
            number=said.number,
            factor=said.factor,
        )
        found.append(normal(negated(statement) if said.is_denied else statement))
    return found


@pytest.mark.parametrize(("text", "said"), READ, ids=[text for text, _ in READ])
def test_is_read_as_meant(text: str, said: str | Said) -> None:
    found = understand(text)
    assert found.predicate is not None, found.why
    if isinstance(said, str):
        assert found.claim is not None
        assert found.claim.id == said
        assert not found.opposite
        return
    market = next((each for each in ("frameworks", "runtimes") if each in text), "")
    meant = [
        each
        for by in ("country", "maker", "family", "foundry")
        for each in statements(said, f"{by} {market}")
    ]
    assert normal(found.predicate) in meant, found.sentence


@pytest.mark.parametrize("text", [*REFUSED, *NOT_YET])
def test_is_refused(text: str) -> None:
    found = understand(text)
    assert found.predicate is None, found.sentence
    assert found.claim is None
    assert found.why


def test_nine_in_ten_are_right() -> None:
    assert len(READ) / (len(READ) + len(NOT_YET)) >= 0.9
