"""The sections a study file may have, in the order of the report; each module of this folder is one."""

from lacuna.study.section import Section

SECTIONS: tuple[Section, ...] = ()

__all__ = ["SECTIONS"]
