"""`./kabar bench fanout|faults …`"""

import sys

from benchmarks import fanout, faults

COMMANDS = {"fanout": fanout.main, "faults": faults.main}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(f"kabar bench {{{'|'.join(COMMANDS)}}} …", file=sys.stderr)
        sys.exit(2)
    COMMANDS[sys.argv[1]](sys.argv[2:])


main()
