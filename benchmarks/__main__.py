"""`./kabar bench articles|chat|everything|fanout|faults|ingest|mutants|scale|summaries …`"""

import sys

from benchmarks import articles, chat, everything, fanout, faults, ingest, mutants, scale, summaries

MODULES = (articles, chat, everything, fanout, faults, ingest, mutants, scale, summaries)
COMMANDS = {module.__name__.rpartition(".")[2]: module.main for module in MODULES}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(f"kabar bench {{{'|'.join(COMMANDS)}}} …", file=sys.stderr)
        sys.exit(2)
    COMMANDS[sys.argv[1]](sys.argv[2:])


main()
