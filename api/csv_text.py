"""Pages as CSV for spreadsheets: text that a device or a person chose is never run as a formula.

RFC 4180: comma, quotes doubled, lines end with CR LF. Every text cell is quoted; numbers stand
plain and unknown is empty. UTF-8 with a byte order mark, without which spreadsheets take Chinese
for Latin. JSON answers know nothing of all this.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from fastapi import Query, Request, Response

from api.cursors import encode_cursor

Cell = str | float | bool | None
"""What may stand in a cell; None = unknown."""

MEDIA_TYPE = "text/csv; charset=utf-8"
CSV_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
"""For the OpenAPI document of a route that takes ``format=csv``."""

Format = Annotated[
    Literal["json", "csv"],
    Query(alias="format", description="`csv`: the same page as a table; `next` is a Link header"),
]
"""The parameter that asks for it."""

_BYTE_ORDER_MARK = "\ufeff"
_FORMULA = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[=+\-@＝＋－＠]"  # noqa: RUF001 - spreadsheets take the full-width signs too
    r"|[\t\r\n]"
)
"""Begins as a formula, also behind blanks and signs that are not seen. Source: OWASP, CSV
Injection: = + - @, tab, carriage return, line feed."""
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and half characters, which readers of CSV stumble over."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table, its column names first."""
    lines = (",".join(map(csv_cell, row)) for row in (columns, *rows))
    return _BYTE_ORDER_MARK + "".join(f"{line}\r\n" for line in lines)


def csv_cell(value: Cell) -> str:
    """Write one cell; text that begins as a formula gets an apostrophe before it."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = _UNREADABLE.sub("\ufffd", value)
    if _FORMULA.match(value):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"'


def csv_response(
    request: Request,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Cell]],
    next_key: Sequence[int | str] | None,
) -> Response:
    """Answer one page.

    Args:
        request: What was asked; the next page is the same question with another cursor.
        name: Of the file, of characters that need no quoting.
        columns: Their names, in order.
        rows: By column; a column that is missing is unknown.
        next_key: Sort key of the page's last row, None at the end.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if next_key is not None:
        url = request.url.include_query_params(cursor=encode_cursor(*next_key))
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    text = csv_text(columns, ([row.get(column) for column in columns] for row in rows))
    return Response(text, media_type=MEDIA_TYPE, headers=headers)
