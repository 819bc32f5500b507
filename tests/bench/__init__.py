"""`make bench`: how quick the portal is, measured beside what it is compared with."""
