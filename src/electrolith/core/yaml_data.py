"""Plain data from YAML: safe, no key twice, no bomb of anchors, every refusal a sentence with its line."""

from __future__ import annotations

from typing import Any

import yaml

from electrolith.core.errors import InputError
from electrolith.core.limits import refuse_above

__all__ = ["parse_yaml"]


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML that refuses a key given twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    own = len(node.value) - sum(key.tag == MERGE for key, _ in node.value)
    loader.flatten_mapping(node)  # puts what is merged in first; the mapping's own keys go before it
    merged = len(node.value) - own
    found: dict[Any, Any] = {}
    mine: set[Any] = set()
    for number, (key_node, value_node) in enumerate(node.value):
        line = key_node.start_mark.line + 1
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, list | dict):
            raise InputError(f"line {line}: a {_KINDS[type(key)]} stands where a name should; quote it")
        if key in mine:
            raise InputError(f"line {line}: {key!r} is given twice")
        if number >= merged:
            mine.add(key)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


MERGE = "tag:yaml.org,2002:merge"
_KINDS = {list: "list", dict: "mapping"}
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def parse_yaml(text: str, where: object) -> Any:
    """Plain data of a YAML text.

    Raises
    ------
    InputError
        If it is no YAML, gives a key twice, holds a value that cannot be (a 99th day), or refers to itself.
    DataError
        If it is nested or repeats itself (anchors) beyond the ceilings.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _measure(node, where)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{where}: not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise InputError(f"{where}: nested too deeply; expected a few levels of settings") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{where}: a value that cannot be: {' '.join(str(error).split())}") from error


def _measure(root: yaml.Node, where: object) -> None:
    """Refuse what is too deep, endless, or too much once its aliases are written out.

    Aliases share nodes, so that a graph of a hundred nodes may stand for more values than there are atoms
    in the sea; each node is sized once, its children first.
    """
    size: dict[int, int] = {}
    depth: dict[int, int] = {}
    path: set[int] = set()
    todo: list[tuple[yaml.Node, bool]] = [(root, False)]
    while todo:
        node, done = todo.pop()
        here = id(node)
        children = _children(node)
        if done:
            path.discard(here)
            size[here] = 1 + sum(size[id(c)] for c in children)
            depth[here] = 1 + max((depth[id(c)] for c in children), default=0)
            refuse_above("nodes", size[here], where)
            refuse_above("depth", depth[here], where)
        elif here in path:
            raise InputError(f"line {node.start_mark.line + 1}: a value that contains itself")
        elif here not in size:
            path.add(here)
            todo.append((node, True))
            todo += [(c, False) for c in children]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
