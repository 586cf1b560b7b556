"""How the Bot API says no."""

from typing import Any

_PREFIXES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 409: "Conflict", 429: "Too Many Requests"}


class Refusal(Exception):
    """An answer with `ok: false`; `text` stands without its prefix, as the server's own table has it."""

    def __init__(self, text: str, code: int = 400, **parameters: Any) -> None:
        prefix = _PREFIXES.get(code)
        self.code = code
        self.description = f"{prefix}: {text}" if prefix and text != prefix else text
        self.parameters = parameters
        super().__init__(self.description)

    def body(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


def forbidden(text: str) -> Refusal:
    return Refusal(text, 403)
