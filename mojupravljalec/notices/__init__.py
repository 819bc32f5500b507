"""Announcements of the operator: no water tomorrow, the office is closed."""
