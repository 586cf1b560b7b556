"""`python -m bot` is `./kabar`."""

from bot.cli import main

main(prog_name="kabar")
