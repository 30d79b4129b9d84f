"""HTML to text in time linear in its length: description -> what a reader sees.

Why not a parser: selectolax (lexbor) needs 0.03 to 0.1 ms for a description, as this does, but
2.5 s for 40,000 nested <div> and four times that for twice as many. It also cuts the text at each
inline tag where a separator is asked for, and glues paragraphs where none is; the rules about
negation need whole sentences.
"""

import re
from html import unescape

# Elements whose content is not shown. A missing end tag leaves the content in: it is stored and
# read as text, nothing runs it.
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>", re.IGNORECASE)
_HIDDEN_END = {"script": re.compile(r"</script\b", re.I), "style": re.compile(r"</style\b", re.I)}
_BREAK = re.compile(
    r"</?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|section|article|header|footer|blockquote|hr|dt"
    r"|dd|dl|pre)\b[^<>]*>",
    re.IGNORECASE,
)
_OTHER_SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and c not in " \n")
"""What Python splits words at, but for a blank and a line feed."""
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<![^<>]*>")


def plain_text(html: str) -> str:
    """Text of an HTML fragment: one line a block, one space between words, entities decoded."""
    text = html
    if "<" in text:
        text = _without_hidden(text) if _HIDDEN.search(text) else text
        text = _TAG.sub("", _BREAK.sub("\n", text.replace("\n", " ")))
    if "&" in text:
        text = unescape(text)
    # Where a blank is the only space there is, and one at a time, to strip the lines will do.
    is_single_spaced = "  " not in text and not any(map(text.__contains__, _OTHER_SPACES))
    lines = map(str.strip if is_single_spaced else _single_spaced, text.split("\n"))
    return "\n".join(filter(None, lines))


def _single_spaced(line: str) -> str:
    return " ".join(line.split())


def _without_hidden(html: str) -> str:
    pieces: list[str] = []
    done = 0
    while start := _HIDDEN.search(html, done):
        end = _HIDDEN_END[start[1].lower()].search(html, start.end())
        if end is None:
            break
        pieces.append(html[done : start.start()])
        done = html.find(">", end.end()) + 1 or len(html)
    pieces.append(html[done:])
    return " ".join(pieces)
