"""The outbox: each letter leaves once, whoever fails meanwhile."""

import multiprocessing
import threading
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from mojupravljalec.extensions import db
from mojupravljalec.mail import sending
from mojupravljalec.mail.actions import post
from mojupravljalec.mail.models import LetterState, OutboxLetter
from mojupravljalec.mail.sending import send_round, tidy
from mojupravljalec.values import clock

from .server import Keeper, free_port, running


def queue(app, number=1, kind="reset"):
    with app.app_context():
        for place in range(number):
            facts = {"first_name": "Ana", "path": f"/novo-geslo/{place}"}
            post(kind, f"ana{place}@example.com", language="en", **facts)
        db.session.commit()


def rows(app):
    with app.app_context():
        return list(db.session.scalars(select(OutboxLetter).order_by(OutboxLetter.id)))


def send(app, **options):
    with app.app_context():
        return send_round(**options).sent


def test_a_letter_leaves_once_and_its_facts_are_forgotten(make_app):
    keeper = Keeper()
    with running(keeper) as settings:
        app = make_app(**settings)
        queue(app)
        assert send(app) == 1
        assert send(app) == 0
    (row,) = rows(app)
    assert row.state == LetterState.SENT
    assert row.facts == {}
    assert row.sent_at
    assert row.leased_until is None
    assert (row.kind, row.to_address) == ("reset", "ana0@example.com")
    assert keeper.ids == [row.message_id]
    assert not list((app.config["MAILBOX"] / "accepted").glob("*"))


def test_no_more_than_asked_for(app):
    queue(app, 3)
    assert send(app, limit=2) == 2


def test_pretended_letters_go_nowhere(app):
    with app.app_context():
        post("reset", "nobody@example.com", language="en", pretend=True, first_name="", path="")
        db.session.commit()
    assert send(app) == 0
    assert rows(app) == []


def test_a_failing_server_costs_pauses_that_grow(make_app):
    keeper = Keeper(data_says=["451 later"] * 6)
    pauses = []
    with running(keeper) as settings, time_machine.travel(clock.now()) as journey:
        app = make_app(**settings)
        queue(app)
        for _ in range(6):
            assert send(app) == 0
            (row,) = rows(app)
            pauses.append(round((row.next_try_at - clock.now()).total_seconds() / 60))
            assert send(app) == 0  # not yet due
            journey.move_to(row.next_try_at + timedelta(seconds=1))
        assert send(app) == 1
    assert pauses == [1, 5, 15, 60, 240, 240]
    (row,) = rows(app)
    assert row.tries == 7
    assert row.last_error == ""
    assert len(keeper.ids) == 1


def test_it_is_given_up_after_three_days(make_app):
    keeper = Keeper(data_says=["451 later"] * 2)
    with running(keeper) as settings, time_machine.travel(clock.now()) as journey:
        app = make_app(**settings)
        queue(app)
        send(app)
        journey.shift(sending.GIVE_UP_AFTER)
        send(app)
    (row,) = rows(app)
    assert row.state == LetterState.FAILED
    assert "451 later" in row.last_error


def test_an_unknown_recipient_is_given_up_at_once_and_holds_nobody_up(make_app):
    keeper = Keeper(rcpt_says=["550 no such user"])
    with running(keeper) as settings:
        app = make_app(**settings)
        queue(app, 2)
        assert send(app) == 1
    assert [row.state for row in rows(app)] == [LetterState.FAILED, LetterState.SENT]
    assert "550 no such user" in rows(app)[0].last_error


def test_a_server_that_is_down_is_asked_once(make_app):
    app = make_app(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port(), MAIL_SECURITY="none")
    queue(app, 3)
    with app.app_context():
        assert send_round() == (0, False)
    assert [row.tries for row in rows(app)] == [1, 0, 0]
    assert all(row.state == LetterState.QUEUED for row in rows(app))


def test_a_letter_that_cannot_be_written_holds_nobody_up(app):
    queue(app, kind="no-such-kind")
    queue(app)
    assert send(app) == 1
    bad, good = rows(app)
    assert (bad.state, good.state) == (LetterState.QUEUED, LetterState.SENT)
    assert "no-such-kind" in bad.last_error


def test_no_transaction_is_open_while_the_server_thinks(app, monkeypatch):
    seen = []
    original = sending.transport.Mailbox.send

    def look(self, message):
        seen.append(db.session().in_transaction())
        original(self, message)

    monkeypatch.setattr(sending.transport.Mailbox, "send", look)
    queue(app)
    send(app)
    assert seen == [False]


class Killed(BaseException):
    """As if the process ended here."""


def test_killed_after_the_server_took_it_sends_no_second(make_app, monkeypatch):
    keeper = Keeper()
    with running(keeper) as settings, time_machine.travel(clock.now()) as journey:
        app = make_app(**settings)
        queue(app)
        with monkeypatch.context() as patch:
            patch.setattr(sending, "_book_sent", lambda *_: (_ for _ in ()).throw(Killed))
            with pytest.raises(Killed):
                send(app)
        assert rows(app)[0].state == LetterState.QUEUED
        assert send(app) == 0  # still leased
        journey.shift(sending.LEASE + timedelta(seconds=1))
        assert send(app) == 0
    (row,) = rows(app)
    assert row.state == LetterState.SENT
    assert keeper.ids == [row.message_id]


def test_a_database_that_fails_after_the_sending_sends_no_second(make_app, monkeypatch):
    keeper = Keeper()

    def locked(*_, **__):
        raise OperationalError("update", {}, Exception("database is locked"))

    with running(keeper) as settings, time_machine.travel(clock.now()) as journey:
        app = make_app(**settings)
        queue(app)
        with monkeypatch.context() as patch:
            patch.setattr(sending, "_book", locked)
            with pytest.raises(OperationalError):
                send(app)
        journey.shift(sending.LEASE + timedelta(seconds=1))
        send(app)
    assert rows(app)[0].state == LetterState.SENT
    assert len(keeper.ids) == 1


def test_killed_before_the_sending_loses_nothing(make_app, monkeypatch):
    keeper = Keeper()
    with running(keeper) as settings, time_machine.travel(clock.now()) as journey:
        app = make_app(**settings)
        queue(app)
        with monkeypatch.context() as patch:
            patch.setattr(sending, "write", lambda _: (_ for _ in ()).throw(Killed))
            with pytest.raises(Killed):
                send(app)
        journey.shift(sending.LEASE + timedelta(seconds=1))
        assert send(app) == 1
    assert len(keeper.ids) == 1


def test_threads_deliver_each_once(make_app):
    keeper = Keeper()
    with running(keeper) as settings:
        app = make_app(**settings)
        queue(app, 60)
        workers = [threading.Thread(target=send, args=(app,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert Counter(keeper.ids) == Counter(row.message_id for row in rows(app))
    assert {row.state for row in rows(app)} == {LetterState.SENT}


def _work(make_app, settings):
    send(make_app(**settings))


def test_processes_deliver_each_once(make_app):
    keeper = Keeper()
    with running(keeper) as settings:
        app = make_app(**settings)
        queue(app, 60)
        with app.app_context():
            db.engine.dispose()
        fork = multiprocessing.get_context("fork")
        workers = [fork.Process(target=_work, args=(make_app, settings)) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert Counter(keeper.ids) == Counter(row.message_id for row in rows(app))


def test_a_server_that_fails_every_third_time_loses_nothing(make_app):
    says = [None if place % 3 else "451 later" for place in range(150)]

    class Moody(Keeper):
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 aiosmtpd
            if says and (word := says.pop(0)):
                return word
            return await super().handle_DATA(server, session, envelope)

    keeper = Moody()
    with running(keeper) as settings, time_machine.travel(clock.now()) as journey:
        app = make_app(**settings)
        queue(app, 100)
        for _ in range(8):
            send(app)
            journey.shift(timedelta(hours=4))
    assert Counter(keeper.ids) == Counter(row.message_id for row in rows(app))


def test_house_work_forgets_old_links_and_receipts(app):
    queue(app)
    receipts = app.config["MAILBOX"] / "accepted"
    receipts.mkdir(parents=True)
    (receipts / "old").touch()
    with time_machine.travel(clock.now() + timedelta(days=31)), app.app_context():
        db.session.execute(db.update(OutboxLetter).values(state=LetterState.FAILED))
        tidy()
        db.session.commit()
    assert rows(app)[0].facts == {}
    assert not list(receipts.iterdir())
