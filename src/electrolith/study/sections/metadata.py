"""`metadata:` of a study: who made it, under which licence it may be used, what may not leave."""

from __future__ import annotations

import re
from dataclasses import dataclass

from electrolith.core.errors import InputError, nearest
from electrolith.study.section import Section

__all__ = ["LICENCES", "SECTION", "Metadata", "Person"]

LICENCES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "ODC-By-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "MIT": "https://opensource.org/license/mit",
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "BSD-3-Clause": "https://opensource.org/license/bsd-3-clause",
}
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")


@dataclass(frozen=True, slots=True)
class Person:
    """An author.

    name: as it should be cited.
    orcid: "0000-0002-1825-0097".
    affiliation: institution, "Institute of Examples <https://ror.org/…>" with its address.
    """

    name: str
    orcid: str = ""
    affiliation: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("metadata: an author needs a name")
        if self.orcid and not _valid_orcid(self.orcid):
            raise InputError(
                f"metadata: {self.orcid!r} of {self.name} is no ORCID; "
                "it has four groups of four, the last figure a check"
            )


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an archive of the study says of itself.

    authors: in the order of citation.
    licence: SPDX identifier, "CC-BY-4.0".
    description: a sentence or two.     keywords: words to be found by.
    private: patterns of files that may not leave ("raw/*.mpr"); exports leave them out and say so.
    publisher: institution that publishes the archive.
    """

    authors: tuple[Person, ...] = ()
    licence: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    publisher: str = ""

    def __post_init__(self) -> None:
        if self.licence and self.licence not in LICENCES:
            raise InputError(nearest("metadata.licence", self.licence, LICENCES))


def _valid_orcid(text: str) -> bool:
    """ISO 7064 mod 11-2, as ORCID uses it."""
    if not _ORCID.fullmatch(text):
        return False
    total = 0
    for figure in text.replace("-", "")[:-1]:
        total = (total + int(figure)) * 2
    check = (12 - total % 11) % 11
    return text[-1] == ("X" if check == 10 else str(check))


SECTION = Section("metadata", Metadata)
