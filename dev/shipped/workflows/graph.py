"""What a graph is made of: nodes in API form, in titled columns from left to right."""

from __future__ import annotations

from dataclasses import dataclass, field


class Output(list):
    """One output of a node, as the API form writes it: [node id, slot].

    number: the number that it gives, where that is known; a widget that it is linked to shows it.
    """

    number: int | None = None

    def slot(self, index: int) -> Output:
        return Output([self[0], index])

    def giving(self, number: int) -> Output:
        output = self.slot(self[1])
        output.number = number
        return output


@dataclass
class Column:
    """`under`: the first and the last of the columns beneath which it stands, as wide as they are together."""

    title: str
    width: int
    nodes: list[str] = field(default_factory=list)
    under: tuple[int, int] | None = None


@dataclass
class Graph:
    """`nodes` in API form, `titles` of nodes that do not bear their own name, `note` in Markdown.

    collapsed: the nodes of which only the title bar is shown, because nobody sets anything on them.
    face: what the host shows of the graph as an app: (node, input) to set, and nodes whose results are seen.
    """

    name: str
    note: str = ""
    nodes: dict[str, dict] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    collapsed: set[str] = field(default_factory=set)
    columns: list[Column] = field(default_factory=list)
    face: dict[str, list] = field(default_factory=dict)

    def column(self, title: str, width: int = 0, under: tuple[int, int] | None = None) -> None:
        """What is added from now on stands in a new column."""
        self.columns.append(Column(title, width, under=under))

    def add(self, node_class: str, title: str = "", **inputs) -> Output:
        """Add a node. Inputs that are left out keep the node's own default. Returns its first output."""
        key = str(len(self.nodes) + 1)
        self.nodes[key] = {"class_type": node_class, "inputs": inputs}
        if title:
            self.titles[key] = title
        self.columns[-1].nodes.append(key)
        return Output([key, 0])

    def collapse(self, *outputs: Output) -> None:
        self.collapsed |= {key for key, _ in outputs}

    def show_as_app(self, inputs: list[tuple[Output, str]], outputs: list[Output]) -> None:
        self.face = {
            "inputs": [[int(node[0]), name] for node, name in inputs],
            "outputs": [int(node[0]) for node in outputs],
        }
