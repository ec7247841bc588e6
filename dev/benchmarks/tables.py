"""Tables of the benchmarks' pages."""

from __future__ import annotations


def table(rows: dict[str, dict], head: str = "method") -> list[str]:
    """Lines of a Markdown table: a row for each name, a column for each key of any row.

    Numbers are told with two decimals, texts as they are; – where a row does not have the column or knows no value.
    """
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [f"| {head} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return lines + [f"| {name} | " + " | ".join(cell(row.get(c)) for c in columns) + " |" for name, row in rows.items()]


def cell(value: float | str | None) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.2f}"
