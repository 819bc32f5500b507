"""Who pays the bill, and linking by the code printed on it."""
