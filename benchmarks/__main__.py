"""`./kabar bench chat|fanout|faults|ingest|scale …`"""

import sys

from benchmarks import chat, fanout, faults, ingest, scale

COMMANDS = {"chat": chat.main, "fanout": fanout.main, "faults": faults.main, "ingest": ingest.main, "scale": scale.main}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(f"kabar bench {{{'|'.join(COMMANDS)}}} …", file=sys.stderr)
        sys.exit(2)
    COMMANDS[sys.argv[1]](sys.argv[2:])


main()
