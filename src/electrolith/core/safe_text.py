"""Names from files and people on their way out: to terminals, pages, figures, spreadsheets and file names.

A name is text, whatever it holds. Control characters, terminal escapes and characters that turn the direction
of writing are shown as what they are; what a spreadsheet would compute is kept from it; a file name is one on
every system and stays in its folder.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["cell", "file_name", "plotly_text", "script_data", "visible"]

# C0 without tab and new line, DEL, C1, turns of direction, invisible marks, halves of characters
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*[%°µΩÅA-Za-z]{0,8}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # devices of Windows
LONGEST_NAME = 100


def visible(text: str) -> str:
    r"""The text with every character that a terminal or a page would obey written out, `\x1b`."""
    return _HIDDEN.sub(lambda m: _written(m[0]), text)


def _written(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cell(value: object) -> object:
    """A cell of a CSV file: text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    is_formula = text.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(text.strip())
    return "'" + text if is_formula and len(text.strip()) > 1 else text


def plotly_text(tree: object) -> object:
    """Data of a figure in which text is text: plotly reads tags in it, of which only `<br>` is ours."""
    if isinstance(tree, str):
        escaped = visible(tree).replace("&", "&amp;").replace("<", "&lt;")
        return escaped.replace("&lt;br>", "<br>")
    if isinstance(tree, dict):
        return {k: v if k.startswith("hovertemplate") else plotly_text(v) for k, v in tree.items()}
    return [plotly_text(v) for v in tree] if isinstance(tree, list | tuple) else tree


def script_data(json_text: str) -> str:
    r"""JSON that may stand between script tags: no `<` is left for an HTML parser to read something into."""
    return json_text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def file_name(text: str) -> str:
    """A name for a file, safe on every system; what is too long is cut and told apart by a checksum."""
    name = _UNSAFE.sub("-", text).strip("-. ") or "unnamed"
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return f"{name}-" if _RESERVED.fullmatch(name) else name
