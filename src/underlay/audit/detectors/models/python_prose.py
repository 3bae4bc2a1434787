"""Comments and docstrings of Python: only what a rule believes, with little weight."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.python_calls import scheme_of
from underlay.audit.detectors.models.python_presets import QUANTISED
from underlay.audit.names.mentions import mentions
from underlay.audit.names.references import Place, classify, key_strength, vocabulary
from underlay.audit.names.sites import OWN_SIZE, SPEECH, SPEECH_SIZE, WHISPER_SIZE, bare_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["prose_of"]

_MOST = 2_000
# without one of these in the file its comments aren't read
_SPEAKING = (
    b"odel", b"huggingface.co", b"hf.co", b"hub.load", b"gpt-", b"claude-", b"gemini-",
    b"pretrained",
)  # fmt: skip
# without one of these a comment or a docstring names nothing that `mentions` knows
_NAMES = re.compile(
    r"gpt|claude|gemini|llama|bert|mi[sx]tral|qwen|embed|whisper|davinci|babbage|command-r|minilm|mpnet|"
    r"deepseek|gemma|t5-|phi-|xlnet|_core_|huggingface|bge-|o[134]-|glm-|grok-|kimi-|"
    r"codestral|pixtral|sonar-|voyage-|rerank-|dall-e|ernie-|doubao-|nova-"
)
_OWNER = re.compile(r"[\w-]/[A-Za-z]")
_LONGEST = 500  # characters of a line
_HELD = Place(None, None, 0.6)
_SPANNED = 60  # lines of one message
# `--model_path owner/name` of a command that a text shows
_FLAG = re.compile(
    r"--([a-z][\w-]{1,40})[ =]{1,3}[\"']?([A-Za-z0-9][\w./:@+-]{2,120})(?![\w./:@+-])", re.ASCII
)
_COMMENT = re.compile(rb"(?m)^[ \t]*#(.*)$")
# behind code: with as many quotation marks before it as close it can't be a part of a string
_TRAILING = re.compile(rb"(?m)[ \t]#[ \t]([^\n]{4,200})$")
_TELLS = re.compile(
    r"huggingface\.co/|hf\.co/|ollama\.com/library|modelscope\.c|[\"']|--[a-z]|"
    r"[a-z]/[A-Za-z][\w-]{1,40}/[A-Za-z]"
)
_URL = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com|modelscope\.cn|tfhub\.dev)/[\w./@%+:-]+|"
    r"https?://[\w.-]+/[\w./@%+:-]+\.(?:pth|pt|ckpt|safetensors|gguf|onnx|tflite)(?![\w.])"
)
# `model = "..."`, `model="..."`, `"model": "..."`, and the first argument of a loader
_SET = re.compile(
    r"([A-Za-z_][\w.]{0,60})[\"']?\s{0,4}(?::\s{0,4}\w{1,40}\s{0,4})?[=:(]\s{0,4}[\"']([^\"'\s]{2,120})[\"']"
)
_LOADERS = (
    "from_pretrained",
    "SentenceTransformer",
    "snapshot_download",
    "hf_hub_download",
    "CrossEncoder",
)
# a loader whose argument stands in the next line, also behind a prompt of the interpreter
_SPREAD = re.compile(
    r"(?:from_pretrained|snapshot_download|hf_hub_download|SentenceTransformer|CrossEncoder|"
    r"from_single_file|load_lora_weights)\(\s{0,60}\n\s{0,60}(?:\.\.\.)?\s{0,60}"
    r"(?:[a-z_]{2,40}=)?[\"'](?P<name>[^\"'\s]{2,120})[\"']"
)
_QUOTED = re.compile(r"[\"'`]([A-Za-z][\w./@-]{3,60})[\"'`]")
# `torch.hub.load("owner/name:tag", "entry")`; some entries are programs that take a model's name
_TORCH_HUB = re.compile(
    r"torch\.hub\.load\(\s{0,4}[\"']([\w.-]{1,60}/[\w.:/-]{1,90})[\"']\s{0,4},\s{0,4}(?:model\s?=\s?)?"
    r"[\"']([\w.-]{2,90})[\"'](?:\s{0,4},\s{0,4}[\"']([\w./-]{2,120})[\"'])?"
)
_ENTRIES = re.compile(r"(?i)model(?:for\w*|with\w*)?|tokenizer|config|transforms?|\w*utils")
_REPOSITORY = re.compile(r"(?<![\w./:@-])[A-Za-z][\w-]{1,40}/[A-Za-z][\w.-]{2,80}(?![\w/])")
# what may be a model's name, with an owner or with a number in it, or in quotation marks
_NAMED = re.compile(
    r"(?<![\w./:@~-])(?:[A-Za-z][\w.-]{1,40}/[A-Za-z][\w.-]{2,80}|"
    r"(?=[a-zA-Z.]{1,40}-[\w.-]{0,60}\d|[A-Za-z]{1,40}\d)[A-Za-z][\w.]{0,40}(?:-[\w.]{1,40}){1,8}|"
    r"(?<=[\"'`])[A-Za-z][\w.]{0,40}(?:-[\w.]{1,40}){1,8}(?=[\"'`]))(?![\w/])",
    re.ASCII,
)
_PRODUCTS = re.compile(r"[A-Z][A-Za-z]{1,40}(?:/[A-Za-z]{1,40})?")
_OF_PARTS = re.compile(r"/.*(?:[A-Z\d]|\w[-_]\w)")
_MOST_JOINED = 500
_MOST_PERHAPS = 200  # of one docstring
_CHOICE = re.compile(r"[\"']([^\"'\s]{2,120})[\"']")
_COUNTED_ONE = re.compile(rf"(?<![\w.-])(?:{WHISPER_SIZE.pattern})(?![\w-]|\.\w)")
_COUNTED = re.compile(
    rf"(?<![\w.-])(?:{WHISPER_SIZE.pattern})"
    rf"(?:[\"'`]?,\s{{1,40}}(?:or\s{{1,40}})?[\"'`]?(?:{WHISPER_SIZE.pattern})(?![\w-]|\.\w)){{3,40}}"
)
# a gateway's name of three parts: the second and the third are an owner's and a model's
_ROUTED = re.compile(
    r"(?<![\w./:@-])(?P<gateway>[a-z][a-z_-]{2,24})/[A-Za-z][\w-]{1,40}/(?=[^\s/]{0,60}\d)"
    r"[A-Za-z][\w.-]{1,80}(?::[a-z]{2,10})?(?![\w/])",
    re.ASCII,
)
# members of a list that was commented out
_MEMBERS = re.compile(r"\s{0,20}(?:[\"'][^\"'\s]{4,120}[\"']\s{0,4}(?:,\s{0,20}|$))+", re.ASCII)
_QUOTES = re.compile(r"[\"']([^\"'\s]{4,120})[\"']")
# `whisper_model = "base" #@param ["tiny", "base"]`: a field of a form in a notebook
_FORM = re.compile(
    rb"(?m)^[ \t]*(\w{2,60})[ \t]*=[^\n#]{1,200}#[ \t]?@param[ \t]*(\[[^\]\n]{2,4000}\])"
)
# a text that holds code: what is named there is used where the text is run or sent
_CODE = re.compile(r"(?m)^\s{0,20}(?:import |from [\w.]+ import |def |class |>>> )")


def prose_of(
    data: bytes,
    docstrings: list[ast.expr],
    quoted: list[tuple[int, int]],
    texts: list[ast.Constant],
    notes: list[ast.Constant],
    joined: list[tuple[int, int]],
) -> list[list[Any]]:
    """`[text, line, column, kind, confidence, expects]` of comments, docstrings and other texts.

    `kind` is `comment`, `doc` or, for code in a text, `text`. `quoted` are the lines of strings of
    several lines: a `#` there starts no comment. `texts` are such strings that are no docstrings;
    `notes` are messages of errors and texts of help, `joined` the lines of texts with fields.
    """
    found: list[list[Any]] = []
    if b"#" in data and any(mark in data for mark in _SPEAKING):
        found.extend(_comments(data, docstrings, quoted))
    if b"@param" in data:
        found.extend(_forms(data))
    lines: list[bytes] = []
    documented = set(map(id, docstrings))
    for node in [*docstrings, *texts]:
        text = node.value if isinstance(node, ast.Constant) else ""
        if not isinstance(text, str):
            continue
        is_text = id(node) not in documented
        if not is_text and text.count("\n") != (node.end_lineno or 0) - node.lineno:
            lines = lines or data.split(b"\n")
            text = _as_written(node, lines)
        if not is_text and _may_name(text):
            found.extend(_named(text, node.lineno, node.col_offset + 4, "doc"))
        if not is_text:
            found.extend(_sizes(text, node))
            found.extend(_perhaps(text, node.lineno, node.col_offset + 4, "doc"))
        if not _TELLS.search(text) and "--" not in text and not (is_text and "/" in text):
            continue
        is_code = is_text and ">>> " not in text and _CODE.search(text) is not None
        found.extend(_text(text, node, "text" if is_code else "doc"))
        if is_text and not is_code:
            found.extend(_repositories(text, node))
        if len(found) > _MOST:
            break
    for first, last in joined[:_MOST_JOINED]:
        lines = lines or data.split(b"\n")
        for number in range(first, min(last, first + _SPANNED * 5) + 1):
            row = lines[number - 1] if number <= len(lines) else b""
            if b"--" in row:
                found.extend(_line(row.decode("utf-8", "replace"), number, 1, "doc"))
    for note in notes:
        text = note.value if isinstance(note.value, str) else ""
        if len(found) > _MOST:
            break
        if "/" in text or _may_name(text) or ("-" in text and _NAMED.search(text)):
            lines = lines or data.split(b"\n")
            found.extend(_noted(text, note, lines))
    return found


def _may_name(text: str) -> bool:
    """Whether a text holds what `mentions` needs; small letters alone are searched faster."""
    if "/" in text and _OWNER.search(text) is not None:
        return True
    return _NAMES.search(text.lower()) is not None


def _as_written(node: ast.expr, lines: list[bytes]) -> str:
    """The source of a docstring whose breaks are not all breaks of the source, from its text on."""
    rows = lines[node.lineno - 1 : node.end_lineno]
    if not rows:
        return ""
    rows[0] = rows[0][node.col_offset + 3 :]
    return b"\n".join(rows).decode("utf-8", "replace").rstrip("\"'")


def _sizes(text: str, node: ast.expr) -> Iterator[list[Any]]:
    """Sizes of Whisper that a docstring counts up, several of them and one that is nothing else's.

    A list of them can't mean anything but the models, whatever the parameter is called.
    """
    if "tiny" not in text and "large-v" not in text:
        return
    for row in _COUNTED.finditer(text):
        words = list(_COUNTED_ONE.finditer(row[0]))
        if len(words) < 4 or not any(OWN_SIZE.fullmatch(word[0]) for word in words):
            continue
        for word in words:
            start = row.start() + word.start()
            breaks = text.count("\n", 0, start)
            column = start - text.rfind("\n", 0, start) if breaks else node.col_offset + 4 + start
            yield [word[0], node.lineno + breaks, column, "doc", 0.55, "package"]


def _perhaps(text: str, line: int, column: int, kind: str) -> Iterator[list[Any]]:
    """Names that are a model's if the code has them too: `expects` is `named`."""
    for count, match in enumerate(_NAMED.finditer(text)):
        if count >= _MOST_PERHAPS:
            return
        name = match[0].rstrip(".")
        if "/" in name and _OF_PARTS.search(name) is None:
            continue
        breaks = text.count("\n", 0, match.start())
        at = (
            match.start() - text.rfind("\n", 0, match.start()) if breaks else column + match.start()
        )
        yield [name, line + breaks, at, kind, 0.0, "named"]


def _noted(text: str, node: ast.Constant, lines: list[bytes]) -> Iterator[list[Any]]:
    """The models that a message names, each where the source has its name."""
    last = min(node.end_lineno or node.lineno, node.lineno + _SPANNED, len(lines))
    source = b"\n".join(lines[node.lineno - 1 : last])
    ends: dict[str, int] = {}
    for one in mentions(text, are_quotes_code=True):
        candidate = one.candidate
        start = _whole(source, candidate.ref.encode(), ends.get(candidate.ref, 0))
        if start < 0 or one.is_local or _is_pair(candidate.ref):
            continue
        ends[candidate.ref] = start + 1
        line = node.lineno + source.count(b"\n", 0, start)
        expects = None if candidate.kind in ("hosted", "file") else candidate.kind
        yield [candidate.ref, line, start - source.rfind(b"\n", 0, start), "doc", 0.52, expects]
    for match in _NAMED.finditer(text) if "-" in text else ():
        name = match[0].rstrip(".")
        start = source.find(name.encode()) if "/" not in name else -1
        if start >= 0:  # counts if the code has the name
            line = node.lineno + source.count(b"\n", 0, start)
            yield [name, line, start - source.rfind(b"\n", 0, start), "doc", 0.0, "named"]
    for match in _REPOSITORY.finditer(text) if "/" in text else ():
        name = match[0].rstrip(".")
        start = source.find(name.encode()) if _OF_PARTS.search(name) else -1
        if start >= 0:
            line = node.lineno + source.count(b"\n", 0, start)
            yield [name, line, start - source.rfind(b"\n", 0, start), "doc", 0.0, "named"]


def _whole(source: bytes, name: bytes, start: int) -> int:
    """Where a name stands that isn't the beginning of a longer one, from a place on; else -1."""
    for _ in range(_SPANNED):
        start = source.find(name, start)
        after = source[start + len(name) : start + len(name) + 1]
        if start < 0 or not (after.isalnum() or after in (b"-", b"_")):
            break
        start += 1
    return start


def _text(text: str, node: ast.expr, kind: str) -> Iterator[list[Any]]:
    """What a string of several lines refers to."""
    for number, line_text in enumerate(text.splitlines()):
        column = node.col_offset + 4 if number == 0 else 1
        yield from _line(line_text, node.lineno + number, column, kind)
    for match in _SPREAD.finditer(text):
        candidate = classify(match["name"], Place("hub", None, 0.9))
        if candidate is not None:
            at = match.start("name")
            line = node.lineno + text.count("\n", 0, at)
            column = at - text.rfind("\n", 0, at)
            yield [match["name"], line, column, kind, 0.55, "hub"]


def _repositories(text: str, node: ast.expr) -> Iterator[list[Any]]:
    """Names of repositories in a text that a program shows, where nothing else has such a name."""
    for number, line in enumerate(text.splitlines()):
        shift = node.col_offset + 4 if number == 0 else 1
        for match in _REPOSITORY.finditer(line[:_LONGEST]):
            candidate = classify(match[0].rstrip("."))
            if candidate is not None and candidate.kind == "hub" and candidate.confidence >= 0.6:
                at = shift + match.start()
                yield [match[0].rstrip("."), node.lineno + number, at, "doc", 0.55, None]


def _comments(
    data: bytes, docstrings: list[ast.expr], quoted: list[tuple[int, int]]
) -> Iterator[list[Any]]:
    yield from _trailing(data, quoted)
    taken: set[int] = set()
    for first, last in [*quoted, *((d.lineno, d.end_lineno or 0) for d in docstrings)]:
        taken.update(range(first + 1, last + 1))
    line, at = 1, 0
    for match in _COMMENT.finditer(data):
        text = match[1].decode("utf-8", "replace")
        is_name = _may_name(text)
        is_perhaps = ("/" in text or "-" in text) and _NAMED.search(text[:_LONGEST]) is not None
        if not is_name and not is_perhaps and not _TELLS.search(text):
            continue
        line += data.count(b"\n", at, match.start(1))
        at = match.start(1)
        if line not in taken:
            column = at - data.rfind(b"\n", 0, at)
            yield from _line(text, line, column, "comment")
            if is_perhaps:
                yield from _perhaps(text[:_LONGEST], line, column, "comment")
            if is_name and len(text) <= _LONGEST:
                yield from _named(text, line, column, "comment")


def _trailing(data: bytes, quoted: list[tuple[int, int]]) -> Iterator[list[Any]]:
    """Comments behind code, in the same line."""
    taken = {line for first, last in quoted for line in range(first, last + 1)}
    line, at = 1, 0
    for match in _TRAILING.finditer(data):
        text = match[1].decode("utf-8", "replace")
        if not _may_name(text):
            continue
        line += data.count(b"\n", at, match.start(1))
        at = match.start(1)
        start = data.rfind(b"\n", 0, at) + 1
        before = data[start:at]
        is_open = before.count(b'"') % 2 or before.count(b"'") % 2  # the sign stands in a text
        if line not in taken and not is_open and before.strip() != b"#":
            yield from _line(text, line, at - start + 1, "comment")
            column = at - start + 1
            # what is said of one line: owners are named there for data and for code too
            yield from (one for one in _named(text, line, column, "comment") if "/" not in one[0])
            yield from _perhaps(text, line, column, "comment")


def _forms(data: bytes) -> Iterator[list[Any]]:
    """The choices of the fields of a form whose names speak of a model."""
    line, at = 1, 0
    for match in _FORM.finditer(data):
        line += data.count(b"\n", at, match.start(2))
        at = match.start(2)
        name = match[1].decode("utf-8", "replace")
        start = at - data.rfind(b"\n", 0, at)
        speaks = SPEECH.search(name) is not None
        if not key_strength(name) and not speaks:
            continue
        for choice in _CHOICE.finditer(match[2].decode("utf-8", "replace")):
            text = choice[1]
            is_size = speaks and SPEECH_SIZE.fullmatch(text) is not None
            known = classify(text, _HELD) or bare_name(text, _HELD)
            if is_size or known is not None:
                expects = "package" if is_size else known.kind if known is not None else None
                held = expects if expects in ("package", "hub") else None
                yield [text, line, start + choice.start(1), "form", 0.6, held]


def _is_pair(name: str) -> bool:
    """Whether the slash stands between two words of one kind: `lora_up/lora_down`.

    No owner has an underscore and a name that begins as he does; and two names of products, as in
    `Acme/Other`, have capitals and neither parts nor numbers.
    """
    owner, slash, rest = name.partition("/")
    if slash and _PRODUCTS.fullmatch(rest) is not None:
        return True
    head, sign, _ = owner.partition("_")
    return bool(sign) and rest.startswith(f"{head}_")


def _named(text: str, line: int, column: int, kind: str) -> Iterator[list[Any]]:
    """The models that a docstring or a comment names; its first character's place is given."""
    for one in mentions(text, are_quotes_code=True):
        candidate = one.candidate
        breaks = text.count("\n", 0, one.start)
        at = one.start - text.rfind("\n", 0, one.start) if breaks else column + one.start
        expects = None if candidate.kind in ("hosted", "file") else candidate.kind
        if not one.is_local and not _is_pair(candidate.ref):
            yield [candidate.ref, line + breaks, at, kind, 0.52, expects]


def _line(text: str, line: int, column: int, kind: str) -> list[list[Any]]:
    """What one line of prose refers to."""
    if len(text) > _LONGEST:
        return []
    found: list[list[Any]] = []
    has_quote = '"' in text or "'" in text
    for match in _ROUTED.finditer(text) if text.count("/") > 1 else ():
        known = vocabulary()["gateways"].get(match["gateway"])
        name = match[0].rstrip(".,:")
        if known is not None and known["kind"] == "hosted" and classify(name, _HELD) is not None:
            found.append([name, line, column + match.start(), kind, 0.55, None])
    is_member = has_quote and kind == "comment" and _MEMBERS.fullmatch(text) is not None
    for member in _QUOTES.finditer(text) if is_member else ():
        candidate = classify(member[1], Place(None, None, 0.5))
        if candidate is not None and candidate.confidence >= 0.7:
            found.append([member[1], line, column + member.start(1), kind, 0.55, None])
    for match in _URL.finditer(text) if "://" in text else ():
        address = match[0].rstrip(".,;:)")
        if classify(address) is not None:
            found.append([address, line, column + match.start(), kind, 0.6, None])
    for match in _QUOTED.finditer(text) if has_quote or "`" in text else ():
        scheme = scheme_of(match[1])
        if scheme is not None and scheme.anywhere:
            found.append([match[1], line, column + match.start(1), kind, 0.55, "package"])
    for match in _TORCH_HUB.finditer(text) if "hub.load" in text else ():
        is_program = _ENTRIES.fullmatch(match[2]) is not None
        given = [(1, "torch-hub"), (3, "hub") if is_program else (2, "package")]
        if not is_program and re.search(r"[-_\d]", match[2]) is None:
            given.pop()  # a word: the name of a function
        for group, expects in given:
            if match[group]:
                found.append([match[group], line, column + match.start(group), kind, 0.55, expects])
    for match in _FLAG.finditer(text) if "--" in text else ():
        if not key_strength(match[1]):
            continue
        candidate = classify(match[2], _HELD) or bare_name(match[2], _HELD)
        scheme = scheme_of(match[2])
        if scheme is not None and scheme.anywhere:
            found.append([match[2], line, column + match.start(2), kind, 0.55, "package"])
        elif candidate is not None and candidate.kind in ("hub", "hosted", "ollama"):
            held = "hub" if candidate.kind == "hub" else None
            found.append([match[2], line, column + match.start(2), kind, 0.55, held])
    for match in _SET.finditer(text) if has_quote else ():
        name = match[1].rpartition(".")[2]
        if name in _LOADERS:
            place = Place("hub", None, 0.9)
        elif key_strength(name):
            place = Place(None, None, 0.6)
        else:
            continue
        candidate = classify(match[2], place)
        if candidate is None and QUANTISED.search(match[2]) and classify(f"{match[2]}.gguf", place):
            found.append([match[2], line, column + match.start(2), kind, 0.55, "file"])
        if candidate is not None and candidate.confidence >= 0.6:
            found.append([match[2], line, column + match.start(2), kind, 0.55, place.expects])
    return found
