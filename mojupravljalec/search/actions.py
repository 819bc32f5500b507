"""Keeping the words of customers in step with their data. Nothing here commits."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, exists, select, union_all

from ..customers.models import Customer
from ..extensions import db
from ..metering.models import MeterInstallation, Occupancy, SupplyPoint
from .models import SearchTerm
from .rules import terms

CUSTOMERS_AT_ONCE = 5000


def index(customer_ids: Collection[int]) -> None:
    """Make the words of these customers anew; of one who is gone none are left."""
    ids = sorted(customer_ids)
    for start in range(0, len(ids), CUSTOMERS_AT_ONCE):
        _index(ids[start : start + CUSTOMERS_AT_ONCE])


def index_missing() -> None:
    """Make the words of customers who have none, as after an upgrade. Commits part by part."""
    has_words = exists().where(SearchTerm.customer_id == Customer.id)
    query = select(Customer.id).where(~has_words).order_by(Customer.id).limit(CUSTOMERS_AT_ONCE)
    while ids := db.session.scalars(query).all():
        _index(ids)
        db.session.commit()


def _index(ids: Sequence[int]) -> None:
    db.session.execute(delete(SearchTerm).where(SearchTerm.customer_id.in_(ids)))
    texts: dict[int, list[str]] = {}
    for customer_id, *found in _texts(ids):
        texts.setdefault(customer_id, []).extend(found)
    rows = sorted(
        (term, customer_id) for customer_id, told in texts.items() for term in terms(*told)
    )
    if rows:
        _write(rows)


def _texts(ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Everything by which these customers are looked for."""
    own = select(
        Customer.id,
        Customer.number,
        Customer.name,
        Customer.street,
        Customer.town,
        Customer.email,
    ).where(Customer.id.in_(ids))
    yield from map(tuple, db.session.execute(own))
    points = (
        select(Occupancy.customer_id, SupplyPoint.number, SupplyPoint.street, SupplyPoint.town)
        .join(SupplyPoint, SupplyPoint.id == Occupancy.supply_point_id)
        .where(Occupancy.customer_id.in_(ids))
    )
    yield from map(tuple, db.session.execute(points))
    serials = (
        select(Occupancy.customer_id, MeterInstallation.serial)
        .join(MeterInstallation, MeterInstallation.supply_point_id == Occupancy.supply_point_id)
        .where(Occupancy.customer_id.in_(ids))
    )
    yield from map(tuple, db.session.execute(serials))


def _write(rows: list[tuple[str, int]]) -> None:
    """Past SQLAlchemy: there are ten words of a customer, and all of them come at once."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        copying = "COPY search_term (term, customer_id) FROM STDIN"
        with driver.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)
        return
    connection.exec_driver_sql(
        "INSERT INTO search_term (term, customer_id) VALUES (?, ?)",
        rows,
    )


def owners_of(batch_id: int) -> set[int]:
    """The customers whose words a batch of imported rows may have changed."""
    at_points = select(Occupancy.customer_id).where(
        Occupancy.supply_point_id.in_(
            union_all(
                select(SupplyPoint.id).where(SupplyPoint.batch_id == batch_id),
                select(MeterInstallation.supply_point_id).where(
                    MeterInstallation.batch_id == batch_id
                ),
            )
        )
    )
    queries = (
        select(Customer.id).where(Customer.batch_id == batch_id),
        select(Occupancy.customer_id).where(Occupancy.batch_id == batch_id),
        at_points,
    )
    return {found for query in queries for found in db.session.scalars(query)}
