"""A journal of the first form: read as it is, never changed, gone on in a segment of this form."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stores.journal_format import FORM, form_of
from support.stores_damage import contents, faults_of
from support.stores_journal import a_batch, numbers_of, writing_to
from support.stores_journal_first_form import append_first_form, begin_first_form


def forms(folder: Path) -> list[int]:
    """The form of every segment, oldest first."""
    found = []
    for path in sorted(folder.glob("*.db")):
        with closing(sqlite3.connect(path)) as connection:
            found.append(form_of(connection))
    return found


@pytest.mark.promise(10)
def test_segment_of_the_first_form_is_gone_on_behind_and_never_changed(tmp_path: Path) -> None:
    """Numbers and the control mark go on; every old entry is there; its bytes are the same."""
    path = begin_first_form(tmp_path, control_upto=7)
    append_first_form(path, 1, a_batch(300))
    before = contents(tmp_path)

    with writing_to(tmp_path) as writer:
        upto, last = writer.control_upto(), writer.append(a_batch(5, first=301))

    assert (upto, last) == (7, 305)
    assert numbers_of(tmp_path) == list(range(1, 306))
    assert contents(tmp_path)[path.name] == before[path.name]
    assert forms(tmp_path) == [0, FORM]
    assert faults_of(tmp_path) == ""


def test_empty_segment_of_the_first_form_is_brought_up(tmp_path: Path) -> None:
    """Its name is taken: it gets the columns, and keeps its control mark."""
    begin_first_form(tmp_path, control_upto=7)

    with writing_to(tmp_path) as writer:
        upto, last = writer.control_upto(), writer.append(a_batch(5))

    assert (upto, last) == (7, 5)
    assert forms(tmp_path) == [FORM]
    assert faults_of(tmp_path) == ""
