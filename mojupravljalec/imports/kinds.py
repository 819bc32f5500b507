"""The kinds of tables the portal can import, in the order in which they build on each other."""

from . import customers, meters, readings, supply_points

ALL = "all"
KINDS = {
    kind.name: kind for kind in (customers.KIND, supply_points.KIND, meters.KIND, readings.KIND)
}
