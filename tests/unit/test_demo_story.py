"""What the demo makes of the stream: timeline, score and the books."""

from parkguard.demo_story import Story, Truth, book_totals, faults_of, has_caught_up, quantiles

ONSET_MS = 1_764_032_400_000
THEFT = Truth(
    vehicle="v1", kind="ridden_away", theft=True, start_ms=ONSET_MS - 4_000, onset_ms=ONSET_MS
)
BAIT = Truth(vehicle="v2", kind="multipath_bait", theft=False, start_ms=ONSET_MS)


def an_event(
    action: str, *, after_s: float, vehicle: str = "v1", level: int = 1, **body: object
) -> dict[str, object]:
    """One event of the stream as the API sends it."""
    at_ms = ONSET_MS + int(after_s * 1000)
    return {
        "action": action,
        "at_ms": at_ms,
        "caused_recv_ms": at_ms,
        "body": {
            "alert_id": f"alert of {vehicle}",
            "vehicle": vehicle,
            "level": level,
            "onset_ms": ONSET_MS,
            "t_ms": at_ms - 100,
            "moved_m": 118.2,
            **body,
        },
    }


def a_story() -> Story:
    """A theft that ran its whole course, and a bait that its owner answered."""
    story = Story(truths={"v1": THEFT, "v2": BAIT})
    for action, after_s, level in (
        ("raised", 20, 1),
        ("owner_told", 23, 1),
        ("police_ready", 31, 2),
        ("owner_not_me", 41, 3),
    ):
        arrived_ms = ONSET_MS + after_s * 1000 + 50
        story.hear("alert", an_event(action, after_s=after_s, level=level), arrived_ms)
    accepted = an_event("case_accepted", after_s=42, level=3, incident_id="inc-1", case_number="17")
    story.hear("incident", accepted, ONSET_MS + 42_000)
    story.hear("alert", an_event("raised", after_s=9, vehicle="v2"), ONSET_MS + 9_010)
    story.hear("alert", an_event("owner_me", after_s=19, vehicle="v2"), ONSET_MS + 19_010)
    return story


def test_timeline_reads_as_a_sentence_from_the_onset() -> None:
    """Each step with its seconds, the distance last; thefts are marked."""
    (theft_kind, theft), (bait_kind, bait) = a_story().timeline("Asia/Shanghai")

    assert theft_kind == "theft"
    assert theft == (
        "ridden away 09:00:00 · suspected +20 s · owner told +23 s · police-ready +31 s · "
        "owner: not me +41 s · desk accepted case 17 +42 s · 118 m"
    )
    assert bait_kind == "other"
    assert "owner: it's me +19 s" in bait


def test_score_counts_thefts_found_and_false_incidents() -> None:
    """The bait had no incident; delays count from the true onset."""
    score = a_story().score()

    assert score["thefts"] == score["detected"] == 1
    assert score["false_incidents"] == 0
    assert score["onset_to_police_ready_s"] == {"p50": 31.0, "max": 31.0}
    assert score["fix_to_stream_ms"] == {"p50": 150, "p99": 150}


def test_incident_on_a_vehicle_that_was_not_stolen_is_false() -> None:
    """Also on one that the truth does not know at all."""
    story = a_story()
    opened = an_event("opened", after_s=5, vehicle="v3", level=3, incident_id="inc-3")

    story.hear("incident", opened, ONSET_MS)

    assert story.score()["false_incidents"] == 1


def test_unknown_step_changes_nothing_that_is_shown() -> None:
    """A newer platform may say more than this one shows."""
    story, before = a_story(), a_story().timeline("UTC")

    story.hear("alert", an_event("something_new", after_s=50), ONSET_MS)

    assert story.timeline("UTC") == before


def test_news_of_devices_are_no_part_of_it() -> None:
    """The stream has them beside alerts and incidents."""
    story = Story()

    story.hear("health", {"missed": False, "changes": [{"device": "cam-1"}]}, 0)

    assert story.cases == {}


def test_quantiles_of_nothing_are_none() -> None:
    """A bare 0 is never printed."""
    assert quantiles([]) == {"p50": None, "p99": None}
    assert quantiles([3, 1, 2]) == {"p50": 2, "p99": 3}


def test_books_that_balance_have_no_fault_and_each_imbalance_is_named() -> None:
    """All three equations are looked at."""
    figures = {
        "made": 12,
        "refused": 2,
        "received": 11,
        "accepted": 8,
        "duplicate": 1,
        "quarantined": 2,
        "wills": 1,
        "gaps": 1,
        "projected": 3,
        "thinned": 4,
        "unstored": 1,
    }

    assert faults_of(figures) == []
    assert len(faults_of(figures | {"projected": 4})) == 1
    assert len(faults_of(figures | {"unstored": 0})) == 1
    assert len(faults_of(figures | {"made": 13})) == 1
    assert len(faults_of(figures | {"quarantined": 3})) == 1


def test_totals_add_reasons_up() -> None:
    """Lines of other names are passed over."""
    lines = [
        {"name": "quarantined", "reason": "utf8", "count": 2},
        {"name": "quarantined", "reason": "json", "count": 3},
        {"name": "else", "reason": "", "count": 9},
    ]

    assert book_totals(lines)["quarantined"] == 5


def test_rows_that_the_store_refused_are_caught_up_with() -> None:
    """They come never; waiting for them would be for ever."""
    totals = {"accepted": 9, "projected": 3, "thinned": 5, "unstored": 1}

    assert has_caught_up(totals)
    assert not has_caught_up(totals | {"accepted": 10})
