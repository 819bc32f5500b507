"""`python -m mojupravljalec` is the console script."""

from .cli import main

main()
