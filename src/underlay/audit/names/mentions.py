"""Models that running text names: in a span of code, in a link, or as a word of their own.

Text names much that is no model: repositories of code, data sets, files, images of containers. So a
word counts only where it follows an operator's whole naming scheme, is a repository of the Hub that
shows what it is, or is one of the few open models known by a bare name; in a span of code a little
more is believed. What the text itself links as code or as data is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from underlay.audit.findings import SURE
from underlay.audit.names.references import Candidate, Place, classify, hosted_operator
from underlay.audit.names.sites import OWN_SIZE, WHISPER_SIZE, bare_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mention", "mentions", "of_others"]

_WORD = re.compile(r"(?<![\w./:@~$#%\\&=?-])@?[A-Za-z0-9][\w.]*+[-/:][\w./:@+-]*[\w]", re.ASCII)
_SPAN = re.compile(r"`{1,2}(?P<text>[^`\n]{2,160})`{1,2}")
_QUOTED = re.compile(r"\"(?P<text>[^\"\s]{2,120})\"|'(?P<other>[^'\s]{2,120})'")
_PIPELINE = re.compile(
    r"(?<![\w.-])[a-z]{2,3}_(?:core|dep|ent|ner)_[a-z0-9]{2,20}_(?:sm|md|lg|trf|[a-z]{0,9}bert)(?![\w-])"
)
_PIPELINE_MARKS = ("_core_", "_dep_", "_ent_", "_ner_")
_PAGES = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com/library|modelscope\.cn/models|"
    r"tfhub\.dev)/"
)
_WEIGHTS = re.compile(
    r"https?://[\w.-]+/[\w./@%+:-]+\.(?:pth|pt|ckpt|safetensors|gguf|onnx|tflite|nemo|jit|bin|pkl|"
    r"h5|t7|caffemodel|pdparams|zip|tar\.gz|tgz|tar\.bz2|whl)"
)
# one model's page in the catalogue of a service, whose names are the ends of its addresses
_CATALOGUE = re.compile(
    r"https?://(?:www\.)?(?:(?P<nvidia>build\.nvidia\.com)/(?P<maker>[\w.-]{2,40}/[\w.-]{3,80})|"
    r"(?:platform\.openai\.com/docs/models|developers\.openai\.com/api/docs/models|"
    r"fireworks\.ai/models/fireworks)/(?P<own>[\w.-]{2,80}))/?"
)
# a file that holds nothing but weights, by its ending
_WEIGHTS_FILE = re.compile(r"(?i)(?P<stem>[\w.+-]{3,90})\.(?P<ending>safetensors|gguf|ckpt)")
_FILE_FAMILY = re.compile(
    r"(?i)(?:^|[-_.])(?:clip|t5|umt5|vae|ae|dit|sdxl|flux|llama|qwen|gemma|wan|hunyuan|mistral)(?:[-_.]|$)"
    r"|stable-?diffusion"
)
# what somebody trained or joined, and names of nothing
_OWN_FILE = re.compile(
    r"(?i)(?:^|[-_.])(?:my|your|mine|last|output|outputs?|trained|epoch\w*|step\w*|lora\d*|loha\d*|locon\d*|"
    r"merged|finetuned?|fine-tuned|example|foo|bar|name|xxx+|checkpoints?)(?:[-_.]|$)|\.\.|-\d{6}$|^[-.]|"
    r"^(?:i?q[2-8]_\w+|b?f(?:16|32|p16|p32))$"
)
_TRAINED_FLAG = re.compile(r"--?[\w-]{0,30}pretrained[\w-]{0,40}(?:=|\s{1,3})[\"'<]{0,2}$")
# what a flag gives to a program as the model it is to load: `--repo_id owner/name`
_LOADING_FLAG = re.compile(
    r"(?:--?(?:[a-z]{1,20}[-_]){0,3}(?:repo|model|checkpoint|ckpt|pretrained)"
    r"(?:[-_](?:id|name|repo|path|or)){0,4}(?:=|\s{1,3})|"
    r"(?i:\b(?:[a-z]{1,20}[-_ ]){0,2}model(?:[-_ ](?:id|name|repo))?)[`*\"']{0,3}\s?[:=]\s{0,2})"
    r"[`\"'*]{0,2}$"
)
_LEAVING_FLAG = re.compile(
    r"(?:--?[\w-]{0,30}(?:out|output|save|dst|dest|target|to|result)[\w-]{0,20}(?:=|\s{1,3})|>\s{0,3})[\"']?$"
)
_CLIP = re.compile(
    r"(?:open_clip:)?(?:ViT-[BLHgG][-/](?:14|16|32)|RN50x(?:4|16|64))(?:@336px|-336)?(?:-quickgelu)?(?:/\w{3,40})?"
)
_OF_OPENAI = re.compile(r"OpenAI(?:'s|:)?\s{1,2}(?P<name>o[134])(?![\w/:.-]|\.\d)")
_LIBRARY = re.compile(r"(?<![\w./:@-])[a-z]{2,12}\d(?:\.\d)?(?![\w/:@=(-])(?!\.\d)")
_HUB_PAGE = re.compile(
    r"https?://(?:huggingface\.co|hf\.co)/(?!docs|spaces|datasets)[\w.-]+/[\w.-]"
)
_SAYS_CLIP = re.compile(r"(?i)clip")
# `acme-2-large` model: a name with a digit that the sentence calls a model
_UNKNOWN = re.compile(r"[a-z][a-z0-9]{1,20}(?:-[a-z0-9.]{1,20}){1,6}")
_IS_MODEL = re.compile(r"[`\"'*]{1,3} (?:[a-z]{2,20} ){0,2}model(?!s? (?:class|type|field))\b")
_MODEL_IS = re.compile(r"(?i)\bmodel(?: id| name)?(?: is|:| called| named)? [`\"'*]{1,3}$")
_OLLAMA = re.compile(r"(?i)ollama")
_WHISPER = re.compile(r"(?i)whisper")
_SIZE = rf"(?:{WHISPER_SIZE.pattern})"
# three words that stand together nowhere else: `tiny`, `base` and `small`
_SIZES = re.compile(
    rf"(?<![\w./-])[`\"'*]{{0,2}}(?:{_SIZE})[`\"'*]{{0,2}}(?:(?:\s?[,|/、，]\s{{0,40}}|\s(?=or|and))(?:(?:or|and)\s)?[`\"'*]{{0,2}}"
    rf"(?:{_SIZE})[`\"'*]{{0,2}}){{2,15}}(?![\w/-])"
)
_ONE_SIZE = re.compile(rf"(?<![\w.-]){_SIZE}(?![\w-]|\.\w)")
# `whisper.load_model("base")`, `WhisperModel("tiny")`
_LOADED_SIZE = re.compile(
    rf"(?i:whisper)\w{{0,24}}(?:\.load_\w{{2,20}})?\(\s{{0,9}}[\"'](?P<size>{WHISPER_SIZE.pattern})[\"']"
)
_OF_WHISPER = re.compile(rf"whisper-(?:{WHISPER_SIZE.pattern})")
# of what stands near a name that is a word elsewhere too
_CONTEXT = re.compile(
    r"(?i)model|ollama|\bllms?\b|embedding|checkpoint|rerank|openai|hugging|whisper|\b(?:asr|stt|tts)\b"
)
# schemes whose names are also steps, commands or parts of speech
_WORDS_TOO = re.compile(
    r"(?:step|command|solar|sonar|compound|speech|yi|wan|reka|text-search|j[12])-(?!r\b|r-plus|r7b)"
)
_LOCAL = re.compile(
    r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?!:\d{2,5}/(?:\w{1,20}/)?(?:admin|docs|settings|ui|dashboard))|"
    r"--served-model-name|drop-in"
)
_FILES = re.compile(r"(?i)\.(?:md|py|ipynb|json|ya?ml|toml|txt|sh|cpp|h|rs|go|ts|js|html?|git)$")
_OF_OTHERS = re.compile(
    r"(?:github\.com|gitlab\.com|datasets|spaces|docker\.io|hub\.docker\.com/r|ghcr\.io)/"
    r"(?P<name>[\w-][\w.-]{0,60}/[\w-][\w.-]{0,90})"
)
_LINKED = re.compile(
    r"[`*]{0,3}\]\(https?://(?:www\.)?(?:huggingface\.co|hf\.co|modelscope\.cn)/(?!docs|spaces)"
)
# `dataset:` and what stands behind it, also in the lines below
_DATA_LIST = re.compile(
    r"(?im)^[ \t#*-]{0,12}(?:evaluation )?data ?sets?[ \t]{0,4}:[ \t]{0,4}\n?"
    r"(?P<names>(?:[ \t-]{0,12}[\w.-]{1,60}/[\w.-]{1,90}[ \t]{0,4},?[ \t]{0,4}\n?){1,20})"
)
# what is made or sent there
_MADE = re.compile(
    r"(?:push_to_hub|save_pretrained|save|upload_\w{2,20}|create_repo|output_dir|hub_model_id)"
    r"\s{0,3}[(=]\s{0,9}f?[\"']?$"
)
_SENT = re.compile(r"push_to_hub\(\s{0,20}[\"'](?P<name>[\w.-]{1,60}/[\w.-]{1,90})[\"']")
# a link to a file of the same project
_TO_FILE = re.compile(r"[`*]{0,3}\]\((?!https?:)(?P<path>[^)\s]{1,200})\)")
_NOTHING: frozenset[str] = frozenset()
_CODE = frozenset(("code",))
_ALONE = frozenset(("alone",))
_NEARBY = frozenset(("near",))
_CODE_NEARBY = _CODE | _NEARBY
_BY_OLLAMA = frozenset(("ollama",))  # in code near a model, or near Ollama
_BY_WHISPER = frozenset(("whisper",))
_BY_CLIP = frozenset(("clip",))
_CALLED = frozenset(("called",))
_LOADED = frozenset(("loaded",))
_KEPT = frozenset(("kept",))  # no output of what runs there
_NEAR = 160
_FAR = 1_000
_ENDINGS = (".safetensors", ".gguf", ".ckpt")
_SERIES = frozenset(("o1", "o3", "o4"))
_WEIGHTS_WORD = re.compile(
    r"(?<![\w./:@~$#%\\&?-])[A-Za-z0-9][\w.+-]{2,90}\.(?:safetensors|gguf|ckpt)(?![\w./-])",
    re.ASCII,
)
_MOST = 5_000  # of one text
_LONGEST_KEPT = 10_000  # characters


class Mention(NamedTuple):
    """A model that a text names; `start` is the offset of its first character."""

    candidate: Candidate
    start: int
    is_local: bool  # the same line speaks of a server on this machine


def of_others(text: str) -> frozenset[str]:
    """The `owner/name` that the text links as code, data, a demonstration or an image, or sends.

    Or gives under a heading `dataset:`.
    """
    if "/" not in text:
        return frozenset()
    found = {match["name"].rstrip(".") for match in _OF_OTHERS.finditer(text)}
    for listed in _DATA_LIST.finditer(text) if "ataset" in text else ():
        found.update(re.findall(r"[\w.-]+/[\w.-]+", listed["names"]))
    if "push_to_hub" in text:
        found.update(match["name"] for match in _SENT.finditer(text))
    return frozenset(found)


def mentions(
    text: str, *, others: frozenset[str] | None = None, are_quotes_code: bool = False
) -> Iterator[Mention]:
    """The models that the text names, in the order of their places.

    `others`: what `of_others` says of the whole that the text is a part of. `are_quotes_code`: what
    stands between quotation marks counts as a span of code, as in a block of a language that
    nothing here reads.
    """
    others = of_others(text) if others is None else others
    # what is kept is bounded: only texts of a common size
    read = _read if len(text) <= _LONGEST_KEPT else _read.__wrapped__
    for one in read(text, are_quotes_code):
        if one.candidate.ref not in others or text.startswith("http", one.start):
            yield one


@lru_cache(maxsize=2_000)
def _read(text: str, are_quotes_code: bool) -> tuple[Mention, ...]:
    """What the text names; kept, as documents of several versions repeat their paragraphs."""
    found: list[Mention] = []
    end = -1
    sizes = _sizes(text)
    coded = _coded(text, are_quotes_code=are_quotes_code)
    for start, word, is_coded in _words(text, {**coded, **sizes}):
        if start < end:
            continue
        if start in sizes:
            candidate: Candidate | None = Candidate(word, "package", 0.6)
        else:
            candidate = _candidate(text, start, word, is_coded=is_coded)
        if candidate is None or candidate.confidence < SURE:
            continue
        end = start + len(word)
        is_local = candidate.kind == "hosted" and _LOCAL.search(_line(text, start)) is not None
        found.append(Mention(candidate, start, is_local))
        if len(found) == _MOST:
            break
    return tuple(found)


def _coded(text: str, *, are_quotes_code: bool) -> dict[int, str]:
    """The words that are a span of code by themselves, or an argument in one, by their places."""
    spans: dict[int, str] = {}
    for match in _SPAN.finditer(text) if "`" in text else ():
        inner, start = match["text"], match.start("text")
        if not re.search(r"[\s=(]", inner):
            word = inner.strip("\"'")
            spans[start + inner.find(word)] = word
            continue
        for argument in _QUOTED.finditer(inner):
            group = "text" if argument["text"] else "other"
            spans[start + argument.start(group)] = argument[group]
        for word_match in re.finditer(r"(?<=[\s=])[\w./:@+-]{2,120}", inner):
            spans.setdefault(start + word_match.start(), word_match[0])
    if are_quotes_code or text.count('"') > 1:
        for argument in _QUOTED.finditer(text):
            group = "text" if argument["text"] else "other"
            if are_quotes_code or group == "text":
                spans.setdefault(argument.start(group), argument[group])
    return spans


def _sizes(text: str) -> dict[int, str]:
    """The sizes of Whisper that stand in a row, where it is spoken of or one is nothing else's.

    And the one that is loaded there.
    """
    found: dict[int, str] = {}
    for row in _SIZES.finditer(text) if "small" in text or "large" in text else ():
        ones = {one.start(): one[0] for one in _ONE_SIZE.finditer(text, row.start(), row.end())}
        first, last = max(0, row.start() - _FAR), row.end() + _FAR
        if any(map(OWN_SIZE.fullmatch, ones.values())) or _WHISPER.search(text, first, last):
            found.update(ones)
    for loaded in _LOADED_SIZE.finditer(text) if "(" in text and "hisper" in text else ():
        found[loaded.start("size")] = loaded["size"]
    return found


def _words(text: str, coded: dict[int, str]) -> Iterator[tuple[int, str, bool]]:
    """Every word worth a look, with its place and whether it is code, in order."""
    found = {match.start(): match[0] for match in _WORD.finditer(text)}
    if any(mark in text for mark in _PIPELINE_MARKS):
        for match in _PIPELINE.finditer(text):
            found.setdefault(match.start(), match[0])
    if "OpenAI" in text:
        found.update((m.start("name"), m["name"]) for m in _OF_OPENAI.finditer(text))
    if _OLLAMA.search(text):
        for match in _LIBRARY.finditer(text):
            found.setdefault(match.start(), match[0])
    has_files = any(ending in text for ending in _ENDINGS)
    for match in _WEIGHTS_WORD.finditer(text) if has_files else ():
        found.setdefault(match.start(), match[0])
    found.update((start, word.rstrip(".,:;")) for start, word in coded.items())
    for start in sorted(found):
        yield start, found[start], start in coded


def _candidate(text: str, start: int, word: str, *, is_coded: bool) -> Candidate | None:
    """What a word means, where its place lets it mean that."""
    candidate, needs = _reading(word)
    if candidate is None:
        return None
    if text[max(0, start - 2) : start] == "](" and not word.startswith("http"):
        return None
    if _MADE.search(text, max(0, start - 40), start):
        return None
    if "/" not in word and candidate.kind != "package" and _LINKED.match(text, start + len(word)):
        return None  # the text of a link to the model's page, which says whose it is
    shown = _TO_FILE.match(text, start + len(word)) if "/" in word else None
    if shown is not None and word in shown["path"]:
        return None
    if "loaded" in needs:
        return candidate if _LOADING_FLAG.search(text, max(0, start - 80), start) else None
    if "kept" in needs:
        return candidate if _is_kept(text, start, word, is_coded=is_coded) else None
    if "whisper" in needs:
        return candidate if _WHISPER.search(text, max(0, start - _FAR), start + _FAR) else None
    if "clip" in needs:
        is_set_off = is_coded or text[max(0, start - 1) : start] in ("*", '"', "'")
        is_near = _SAYS_CLIP.search(text, max(0, start - _NEAR), start + _NEAR) is not None
        return candidate if is_set_off and is_near else None
    if "called" in needs:
        end = start + len(word)
        is_model = _IS_MODEL.match(text, end) or _MODEL_IS.search(text, max(0, start - 40), start)
        return candidate if is_coded and is_model else None
    if "ollama" in needs and _OLLAMA.search(text, max(0, start - _NEAR), start + _NEAR):
        return candidate if _stands_alone(text, start, word) else None
    if "ollama" in needs and not (is_coded and _near(text, start)):
        return None
    if word in _SERIES and text.endswith(("OpenAI ", "OpenAI's "), max(0, start - 9), start):
        return candidate
    if "code" in needs and not is_coded:
        return None
    if "alone" in needs and not is_coded and not _stands_alone(text, start, word):
        return None
    return candidate if "near" not in needs or _near(text, start) else None


@lru_cache(maxsize=20_000)
def _reading(word: str) -> tuple[Candidate | None, frozenset[str]]:
    """What a word may mean, and what its place must be for that.

    `code`: a span of code; `alone`: no part of a path or a call; `near`: where models are spoken
    of.
    """
    if word.startswith(("http:", "https:")):
        # the word ends at signs that an address may have: only what is before them counts
        page = _PAGES.match(word)
        if page is not None:
            alone = word[page.end() :].rstrip("/")
            known = bare_name(alone, Place("hub", None, 0.6)) if "huggingface" in page[0] else None
            if known is not None and known.kind == "hub":
                return known, _NOTHING  # one of the first, which have no owner before them
            return classify(word.rstrip("./:-")), _NOTHING
        listed = _CATALOGUE.fullmatch(word.rstrip("./:-"))
        if listed is not None and listed["nvidia"]:
            # names there have points where addresses have lines below
            named = re.sub(r"(?<=\d)_(?=\d)", ".", listed["maker"])
            shape = classify(named)
            is_model = shape is not None and shape.confidence >= SURE
            return (Candidate(named, "hosted", 0.6, "nvidia") if is_model else None), _NOTHING
        if listed is not None:
            return classify(listed["own"], Place("hosted", None, 0.6)), _NOTHING
        address = _WEIGHTS.match(word)
        return (classify(address[0]) if address and address.end() == len(word) else None), _NOTHING
    if _PIPELINE.fullmatch(word):
        return Candidate(word, "package", 0.6), _NOTHING
    if _FILES.search(word):
        return None, _NOTHING
    if _WEIGHTS_FILE.fullmatch(word):
        return _file(word), _KEPT
    if _CLIP.fullmatch(word):
        return Candidate(word, "package", 0.6), _BY_CLIP
    if "/" in word:
        candidate = classify(word)
        if candidate is None or candidate.confidence >= SURE:
            return candidate, _NOTHING
        return classify(word, Place("hub", None, 0.6)), _LOADED
    operator = hosted_operator(word)
    if operator is not None:
        if operator == "bedrock" and not re.search(r"\d", word):
            return None, _NOTHING  # a module of a library
        return classify(word), _CODE if _WORDS_TOO.match(word) else _ALONE
    known = bare_name(word.partition(":")[0], Place(None, None, 0.6))
    if ":" in word:
        tagged = classify(word)
        if tagged is not None and tagged.confidence >= SURE:
            return tagged, _NOTHING
        if known is not None and known.kind == "ollama":
            return Candidate(word, "ollama", 0.6, "ollama"), _NEARBY
        return None, _NOTHING
    if known is not None:
        if known.kind == "hub":
            return known, _NOTHING if "-" in word else _CODE
        return known, _BY_OLLAMA if known.kind == "ollama" else _CODE_NEARBY
    if _OF_WHISPER.fullmatch(word):
        return Candidate(word, "package", 0.6), _CODE_NEARBY
    if WHISPER_SIZE.fullmatch(word) and OWN_SIZE.fullmatch(word):
        return Candidate(word, "package", 0.6), _BY_WHISPER
    if word in _SERIES:
        return classify(word, Place(None, None, 0.6)), _CODE_NEARBY
    if _UNKNOWN.fullmatch(word) and re.search(r"\d", word):
        return Candidate(word, "hosted", 0.55), _CALLED
    return None, _NOTHING


def _file(word: str) -> Candidate | None:
    """A file of weights whose name may say which model it is."""
    found = _WEIGHTS_FILE.fullmatch(word)
    if found is None or _OWN_FILE.search(found["stem"]):
        return None
    named = classify(word)
    if named is not None and named.confidence >= SURE:
        return named
    flags = ("pickle",) if found["ending"].lower() == "ckpt" else ()
    return Candidate(word, "file", 0.55, None, None, word, flags)


def _is_kept(text: str, start: int, word: str, *, is_coded: bool) -> bool:
    """Whether the file is named, as one that is there, and its name tells of a model."""
    if _LEAVING_FLAG.search(text, max(0, start - 60), start):
        return False
    stem = word.rpartition(".")[0]
    if re.search(r"\d", stem) and classify(word) is not None:
        return True
    if _TRAINED_FLAG.search(text, max(0, start - 90), start):
        return classify(f"{stem}-1.safetensors") is not None  # not one of the names of any model
    if not is_coded or len(stem) < 5:
        return False
    if _FILE_FAMILY.search(stem) is not None:
        return True
    is_of_page = _HUB_PAGE.search(_line(text, start)) is not None
    return is_of_page and classify(f"{stem}-1.safetensors") is not None


def _stands_alone(text: str, start: int, word: str) -> bool:
    """Whether the word isn't a part of a path, an address or a name with other signs."""
    after = text[start + len(word) : start + len(word) + 1]
    return after not in ("/", "\\", "=", "(", "_", "*") or after == "*"


def _line(text: str, start: int) -> str:
    end = text.find("\n", start, start + 400)
    first = text.rfind("\n", max(0, start - 400), start) + 1
    return text[max(first, start - 400) : end if end >= 0 else start + 400]


def _near(text: str, start: int) -> bool:
    """Whether what stands around speaks of models."""
    return _CONTEXT.search(text, max(0, start - _NEAR), start + _NEAR) is not None
