"""Votes in the workshop: what is asked, what nobody sees before the reveal, what matters, what is agreed."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from kamlib.app import show
from kamlib.app.desk import Desk
from kamlib.models import agenda, ballots, certainty, kaism, pia, polls
from kamlib.pages import ballots as agreement
from kamlib.pages import html, record, room, scoring, strength
from kamlib.pages import kaism as page
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.settings import shipped
from kamlib.workbook.stores import Change

SEGMENT = "broker_networks"
PEOPLE = ("helen", "marcus", "priya", "tom", "dev")
CANARY = "canary-7f3a"


@pytest.fixture
def desk(tmp_path):
    """The insurer's workbook, open on its broker networks."""
    place = tmp_path / "insurer.kam"
    stores.copy(shipped("data") / "insurer", place)
    return Desk(*stores.load(place), segment=SEGMENT)


def act(desk, exhibit, do, **content):
    exhibit.actions[do](desk, {"do": do} | content)


def begin(desk, model="attractiveness", how="scores", blind="yes", minutes=""):
    """Open a vote with the button beside the grid; its id."""
    exhibit = room.voting(model, *(["scores"] if how == "scores" else ["points", "ranking"]))
    act(desk, exhibit, "open_vote", how=how, fields={"blind": blind, "minutes": minutes})
    return exhibit, polls.running(desk.book)


def answer(desk, poll, person, subject, factor, score, supplier="", note="", model="attractiveness"):
    """A vote as the phone's server stores it."""
    key = {
        "round": poll,
        "model": model,
        "person": person,
        "subject": subject,
        "factor": factor,
        "supplier": supplier,
    }
    desk.store.put([Change("ballots", key, {"score": str(score), "note": note, "change": "1"})], who=person)


def everybody(desk, poll, **scores):
    """Alder's growth as these people see it."""
    for person, score in scores.items():
        answer(desk, poll, person, "alder", "growth", score)
    desk.refresh()


def words(desk, exhibit) -> str:
    seen = dataclasses.replace(desk.view, paper=False, locked=False)
    return str(exhibit.words(seen))


def test_a_phone_is_asked_factor_by_factor_down_the_customers(desk):
    _, poll = begin(desk)
    asked = polls.questions(desk.book, poll)
    customers = desk.book["customers"].query("segment == @SEGMENT")["customer"].tolist()
    assert asked["subject"].head(len(customers)).tolist() == customers
    assert asked["factor"].head(len(customers)).nunique() == 1
    assert asked.iloc[0]["good"] and asked.iloc[0]["bad"]


def test_strength_is_asked_customer_by_customer_for_us_and_each_competitor(desk):
    _, poll = begin(desk, "strength")
    asked = polls.questions(desk.book, poll)
    first = asked[asked["subject"] == asked["subject"].iloc[0]]
    assert first.index.tolist() == [*range(len(first))]
    assert first["of"].iloc[0] == "us" and (first["supplier"] != "us").any()
    own = desk.book["factors"].query("model == 'strength'")
    assert set(first["factor"]) == set(own.loc[own["scope"] == first["subject"].iloc[0], "factor"])


@pytest.mark.parametrize(("model", "missing"), [("attractiveness", "step 7"), ("strength", "step 8")])
def test_an_empty_workbook_says_what_is_needed_first(tmp_path, model, missing):
    stores.create(tmp_path / "new.kam", stores.blank())
    desk = Desk(*stores.load(tmp_path / "new.kam"))
    with pytest.raises(Exception, match="Choose a segment first"):
        begin(desk, model)
    desk.put("segments", segment="s", name="S")
    desk.choose("s")
    with pytest.raises(Exception, match=missing):
        begin(desk, model)
    assert desk.book["polls"].empty


def test_nobody_votes_before_a_10_and_a_1_are_agreed_and_one_vote_runs_at_a_time(desk):
    key = {"model": "attractiveness", "scope": SEGMENT, "factor": "growth"}
    good = desk.book["factors"].query("factor == 'growth' and model == 'attractiveness'")["good"].iloc[0]
    desk.put("factors", **key, good="")
    with pytest.raises(Exception, match="say what good looks like"):
        begin(desk)
    desk.put("factors", **key, good=good)
    begin(desk)
    with pytest.raises(Exception, match="Another vote is running"):
        begin(desk, "strength")


@pytest.mark.parametrize("minutes", ["soon", "0", "-3", "nan", "9999"])
def test_a_limit_in_minutes_is_a_number(desk, minutes):
    with pytest.raises(Exception, match="Minutes"):
        begin(desk, minutes=minutes)


def test_before_the_reveal_no_page_and_no_result_shows_a_vote(desk):
    before = ballots.votes(desk.book)
    exhibit, poll = begin(desk)
    answer(desk, poll, "helen", "alder", "growth", 1, note=CANARY)
    desk.refresh()
    pd.testing.assert_frame_equal(ballots.votes(desk.book), before)
    shown = [words(desk, e) for e in (exhibit, record.record)] + [room.timetable(desk.view, 7)]
    for part in (scoring.scores, strength.strength, page.position, page.closing, agreement.disagreement):
        shown.append(html.on_paper(part, desk.view))
        shown += [w.html for w in _panels(show.shown(desk, part))]
    assert CANARY not in "".join(map(str, shown))
    act(desk, exhibit, "reveal", poll=poll)
    exhibit.reads["look_vote"](desk, {"do": "look_vote", "cell": "alder growth"})
    assert CANARY in words(desk, exhibit)


def _panels(widget):
    own = [widget] if hasattr(widget, "html") else []
    return own + [p for child in getattr(widget, "children", ()) for p in _panels(child)]


def test_the_screen_says_how_many_are_done_and_who_is_not(desk):
    exhibit, poll = begin(desk, minutes="5")
    for person in PEOPLE[:2]:
        desk.put("participants", phone=f"phone-{person}", person=person, status="joined", here="yes")
    for cell in polls.questions(desk.book, poll).itertuples():
        answer(desk, poll, "helen", cell.subject, cell.factor, "" if cell.Index % 7 else 5)
    desk.refresh()
    said = words(desk, exhibit)
    assert "1 of 2 done" in said and "Marcus Bell (0 of 90)" in said and 'data-ends="' in said
    assert not [w for w in _grids(show.shown(desk, scoring.scores)) if w.rows]  # the scores are put away
    act(desk, exhibit, "close", poll=poll)
    assert "Let late ones in" in words(desk, exhibit)
    act(desk, exhibit, "reopen", poll=poll)
    assert "Close the vote" in words(desk, exhibit)
    act(desk, exhibit, "reveal", poll=poll)
    assert [w for w in _grids(show.shown(desk, scoring.scores)) if w.rows]


def _grids(widget):
    own = [widget] if hasattr(widget, "rows") else []
    return own + [g for child in getattr(widget, "children", ()) for g in _grids(child)]


def test_the_reveal_tries_every_end_in_place_of_the_median(desk):
    """What matters is what `kaism.place` says when an end is agreed and all else is at its median."""
    exhibit, poll = begin(desk)
    rng = np.random.default_rng(3)
    asked = polls.questions(desk.book, poll)
    changes = []
    for cell in asked.itertuples():
        for person in PEOPLE:
            key = {
                "round": poll,
                "model": "attractiveness",
                "person": person,
                "subject": cell.subject,
                "factor": cell.factor,
                "supplier": "",
            }
            changes.append(Change("ballots", key, {"score": str(rng.integers(3, 10))}))
    desk.store.put(changes)
    desk.refresh()
    act(desk, exhibit, "reveal", poll=poll)
    found = ballots.revealed(desk.book, poll)
    assert len(found) == len(asked) and (found["votes"] >= 5).all()
    then = ballots.supposed(desk.book, poll).choosing(segment=SEGMENT)
    today = kaism.place(then).set_index("customer")
    for row in found.sample(12, random_state=1).itertuples():
        boxes = set()
        for score in (row.lowest, row.highest):
            scores = then["scores"]
            own = (
                (scores["subject"] == row.subject)
                & (scores["factor"] == row.factor)
                & (scores["model"] == "attractiveness")
            )
            there = kaism.place(
                then.having({"scores": scores.assign(score=scores["score"].mask(own, score))})
            )
            seen = there.set_index("customer").loc[row.subject]
            boxes.add((seen["box"], seen["status"] == "ruled_out"))
        now = today.loc[row.subject]
        assert row.matters == ("yes" if boxes - {(now["box"], now["status"] == "ruled_out")} else "no"), row
    first = found["matters"].eq("yes").sum()
    assert 0 < first < len(found) and (found["matters"].head(first) == "yes").all()


def test_a_median_a_typed_score_and_all_others_are_agreed_with_their_votes(desk):
    note, key = (
        "Its new region opens in May.",
        {"model": "attractiveness", "subject": "alder", "factor": "growth"},
    )
    desk.put("scores", **key, supplier="", note=note)
    exhibit, poll = begin(desk)
    everybody(desk, poll, helen=3, marcus=4, priya=9)
    answer(desk, poll, "tom", "birchwood", "growth", 6)
    desk.refresh()
    act(desk, exhibit, "reveal", poll=poll)
    row = ballots.revealed(desk.book, poll).set_index(["subject", "factor"]).loc[("alder", "growth")]
    act(desk, exhibit, "take_median", poll=poll, cell="alder growth")
    kept = score_of(desk, "alder")
    assert (kept["score"], kept["poll"], kept["votes"]) == (row["median"], poll, row["votes"])
    assert kept["note"] == note
    act(desk, exhibit, "agree", poll=poll, cell="alder growth", fields={"score": "7.5"})
    assert score_of(desk, "alder")["score"] == 7.5
    with pytest.raises(Exception, match="1 to 10"):
        act(desk, exhibit, "agree", poll=poll, cell="alder growth", fields={"score": ""})
    act(desk, exhibit, "take_all", poll=poll)
    assert score_of(desk, "birchwood")["poll"] == poll
    found = ballots.revealed(desk.book, poll)
    assert (found.loc[(found["matters"] == "no") & found["median"].notna(), "settled"] == "yes").all()
    desk.undo()
    assert score_of(desk, "birchwood")["poll"] == ""


def score_of(desk, customer, factor="growth"):
    rows = desk.book["scores"]
    rows = rows[
        (rows["model"] == "attractiveness") & (rows["subject"] == customer) & (rows["factor"] == factor)
    ]
    return rows.iloc[0]


def test_a_second_vote_asks_only_the_chosen_cells_and_its_votes_replace_the_first(desk):
    exhibit, first = begin(desk)
    everybody(desk, first, helen=2, marcus=9, priya=9)
    act(desk, exhibit, "reveal", poll=first)
    act(desk, exhibit, "again", poll=first, cell="alder growth")
    second = polls.running(desk.book)
    assert second != first and polls.questions(desk.book, second)[polls.KEY].to_numpy().tolist() == [
        ["alder", "growth", ""]
    ]
    everybody(desk, second, helen=8)
    act(desk, exhibit, "reveal", poll=second)
    said = ballots.voices(desk.book, second).set_index("person")["score"]
    assert said[["helen", "marcus", "priya"]].tolist() == [8, 9, 9]
    seen = ballots.votes(desk.book)
    seen = seen[(seen["customer"] == "alder") & (seen["factor"] == "growth")].set_index("person")["score"]
    assert seen["helen"] == 8


def test_who_does_not_know_is_counted_and_takes_the_first_vote_back(desk):
    exhibit, first = begin(desk)
    everybody(desk, first, helen=2, marcus=9)
    act(desk, exhibit, "reveal", poll=first)
    act(desk, exhibit, "again", poll=first, cell="alder growth")
    everybody(desk, polls.running(desk.book), helen="")
    act(desk, exhibit, "reveal", poll=polls.running(desk.book))
    poll = desk.book["polls"]["poll"].iloc[-1]
    row = ballots.revealed(desk.book, poll).iloc[0]
    assert row["unknown"] == 1 and "helen" not in set(
        ballots.votes(desk.book).query("customer == 'alder' and factor == 'growth'")["person"]
    )


def test_a_live_vote_moves_the_matrix_and_stores_no_score(desk):
    before = kaism.place(desk.book).set_index("customer")["y"]
    _, poll = begin(desk, blind="no")
    everybody(desk, poll, helen=1, marcus=1, priya=1, tom=1, dev=1, gareth=1, sarah=1, ingrid=1, joan=1)
    after = kaism.place(desk.book).set_index("customer")["y"]
    assert after["alder"] < before["alder"] and score_of(Reader(desk), "alder")["score"] == 8
    desk.put("polls", poll=poll, status="revealed")
    assert kaism.place(desk.book).set_index("customer")["y"]["alder"] == before["alder"]


class Reader:
    """The workbook as it is stored."""

    def __init__(self, desk):
        self.book = Book(desk.entered, desk.settings)


def test_ideas_are_voted_on_like_customers(desk):
    exhibit, poll = begin(desk, "pia_us")
    asked = polls.questions(desk.book, poll)
    assert set(asked["subject"]) <= set(desk.book["ideas"]["idea"]) and len(asked)
    cell = asked.iloc[0]
    for person, score in {"helen": 1, "tom": 5, "priya": 10}.items():
        answer(desk, poll, person, cell["subject"], cell["factor"], score, model="pia_us")
    desk.refresh()
    act(desk, exhibit, "reveal", poll=poll)
    row = ballots.revealed(desk.book, poll).set_index(polls.KEY).loc[(cell["subject"], cell["factor"], "")]
    assert (row["votes"], row["median"], row["lowest"], row["highest"]) == (3, 5, 1, 10)
    act(desk, exhibit, "take_median", poll=poll, cell=f"{cell['subject']} {cell['factor']}")
    assert pia.place(desk.book).set_index("idea").loc[cell["subject"], "y"] == pytest.approx(
        pia.place(ballots.supposed(desk.book, poll)).set_index("idea").loc[cell["subject"], "y"]
    )


def weigh(desk, poll, person, column, values):
    factors = polls.questions(desk.book, poll)["factor"]
    rows = [
        Change(
            "weight_ballots",
            {"round": poll, "model": "attractiveness", "scope": SEGMENT, "person": person, "factor": f},
            {column: str(v)},
        )
        for f, v in zip(factors, values, strict=True)
    ]
    desk.store.put(rows, who=person)
    desk.refresh()


def test_points_become_weights_and_their_spread_how_sure_we_are(desk):
    exhibit, poll = begin(desk, how="points")
    weigh(desk, poll, "helen", "points", [50, 10, 10, 10, 10, 10])
    weigh(desk, poll, "tom", "points", [30, 30, 10, 10, 10, 10])
    weigh(desk, poll, "dev", "points", [40, 20, 10, 10, 10, 10])
    assert ballots.shares(desk.book, poll).empty  # blind
    act(desk, exhibit, "reveal", poll=poll)
    found = ballots.weighed(desk.book, poll).set_index("factor")
    first, second = polls.questions(desk.book, poll)["factor"].head(2)
    assert found.loc[[first, second], "points"].tolist() == [40, 20]
    act(desk, exhibit, "take_weights", poll=poll)
    weights = (
        desk.book["factors"]
        .query("model == 'attractiveness' and scope == @SEGMENT")
        .set_index("factor")["weight"]
    )
    assert weights[[first, second]].tolist() == [40, 20]
    assert desk.settings.weights_known == "around" and desk.settings.sure == ballots.sureness(desk.book, poll)
    assert len(certainty.over_weights(desk.book))


def test_sureness_finds_the_parts_that_votes_were_drawn_with(desk):
    """A Dirichlet distribution of 40 parts, 200 people: the moments give about 40 back."""
    _, poll = begin(desk, how="points")
    drawn = np.random.default_rng(1).dirichlet(40 * np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1]), 200)
    factors = polls.questions(desk.book, poll)["factor"]
    rows = [
        {
            "round": poll,
            "model": "attractiveness",
            "scope": SEGMENT,
            "person": f"p{i}",
            "factor": f,
            "points": 100 * v,
            "place": np.nan,
        }
        for i, person in enumerate(drawn)
        for f, v in zip(factors, person, strict=True)
    ]
    shown = desk.book["polls"].assign(status="revealed")
    book = desk.book.having({"weight_ballots": pd.DataFrame(rows), "polls": shown})
    assert ballots.sureness(book, poll) == pytest.approx(40, rel=0.15)


def test_an_order_counts_by_its_centroids(desk):
    """Of six: 40.8, 24.2, 15.8, 10.3, 6.1 and 2.8 points (Barron and Barrett 1996, table 1)."""
    exhibit, poll = begin(desk, how="ranking")
    weigh(desk, poll, "helen", "place", [1, 2, 3, 4, 5, 6])
    act(desk, exhibit, "reveal", poll=poll)
    assert ballots.weighed(desk.book, poll)["points"].round(1).tolist() == [40.8, 24.2, 15.8, 10.3, 6.1, 2.8]
    act(desk, exhibit, "take_weights", poll=poll)
    assert desk.settings.weights_known == "ranked"


def test_half_a_weighing_counts_nowhere(desk):
    exhibit, poll = begin(desk, how="points")
    factor = polls.questions(desk.book, poll)["factor"].iloc[0]
    key = {"round": poll, "model": "attractiveness", "scope": SEGMENT, "person": "tom", "factor": factor}
    desk.put("weight_ballots", **key, points=100)
    act(desk, exhibit, "reveal", poll=poll)
    assert ballots.weighed(desk.book, poll)["votes"].max() == 0 and "Take these" not in words(desk, exhibit)


def test_who_asks_is_let_in_and_who_is_sent_away_goes_with_all_phones(desk, monkeypatch):
    monkeypatch.setenv("KAM_ROOM", json.dumps({"address": "http://192.0.2.7:8867", "code": "K7M4QP"}))
    for phone, status in {"a": "joined", "b": "asking"}.items():
        desk.put("participants", phone=phone, person="helen", status=status, here="yes")
    seen = dataclasses.replace(desk.view, paper=False, locked=False)
    said = room.joining(seen)
    assert "192.0.2.7:8867" in said and "K7M4QP" in said and "<svg" in said and "asking to join" in said
    room.TITLE_LINE["let_in"](desk, {"do": "let_in", "phone": "b"})
    assert set(desk.book["participants"]["status"]) == {"joined"}
    room.TITLE_LINE["send_away"](desk, {"do": "send_away", "person": "helen"})
    assert set(desk.book["participants"]["status"]) == {"removed"}
    assert room.joining(dataclasses.replace(seen, locked=True)) == ""


def test_one_step_runs_at_a_time_and_the_record_says_how_long_it_took(desk):
    room.TITLE_LINE["minutes"](desk, {"do": "minutes", "step": "7", "value": "45"})
    room.TITLE_LINE["start_step"](desk, {"do": "start_step", "step": "7"})
    room.TITLE_LINE["start_step"](desk, {"do": "start_step", "step": "8"})
    times = agenda.timetable(desk.book).set_index("step")
    assert times.loc[7, "minutes"] == 45 and times.loc[7, "took"] >= 0 and times.loc[7, "due"] == ""
    assert times.loc[8, "due"] > times.loc[8, "started"]
    room.TITLE_LINE["stop_step"](desk, {"do": "stop_step"})
    assert (agenda.timetable(desk.book)["due"] == "").all()
    exhibit, poll = begin(desk)
    everybody(desk, poll, helen=5)
    desk.put("participants", phone="a", person="helen", status="joined", here="yes")
    act(desk, exhibit, "reveal", poll=poll)
    act(desk, exhibit, "take_median", poll=poll, cell="alder growth")
    kept = re.sub(r"<[^>]+>", " ", html.on_paper(record.record, desk.view))
    assert "Helen Ashworth" in kept and "how attractive each customer is to us (Broker networks)" in kept
    assert re.search(r"1\s+90\s+1\s+89", kept), kept


def test_a_reader_can_neither_open_nor_see_a_vote(desk):
    exhibit, poll = begin(desk)
    assert not exhibit.words(dataclasses.replace(desk.view, locked=True, paper=False))
    assert not html.on_paper(exhibit, desk.view)
