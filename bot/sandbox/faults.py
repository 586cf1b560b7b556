"""Faults that a test orders for coming calls: broken connections, proxy errors, refusals, slow answers.

Kinds: `reset_before` (the connection breaks, nothing was taken), `reset_after` (taken, then it breaks), `silent`
(taken, never answered), `html_502`, `html_504` (a proxy's page, nothing taken), `error_500`, `flood` (429 at once, with
`retry_after`), `refuse` (`code`, `description`), `slow` (taken, answered after `delay` seconds).
"""

from dataclasses import dataclass


@dataclass
class Fault:
    kind: str
    method: str | None = None
    chat: int | None = None
    times: int = 1
    retry_after: int = 30
    code: int = 400
    description: str = "Bad Request: refused on demand"
    delay: float = 1.0

    def fits(self, method: str, chat: object) -> bool:
        return (
            self.times > 0
            and (self.method is None or self.method == method)
            and (self.chat is None or self.chat == chat)
        )


def take(faults: list[Fault], method: str, chat: object) -> Fault | None:
    """The first fault that fits the call, with one less of its `times` left; None if none fits."""
    for fault in faults:
        if method != "getUpdates" and fault.fits(method, chat):
            fault.times -= 1
            if not fault.times:
                faults.remove(fault)
            return fault
    return None
