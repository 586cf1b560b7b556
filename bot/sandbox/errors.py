"""Error answers of the Bot API: https://core.telegram.org/bots/api#making-requests."""

from typing import Any

_PREFIXES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 409: "Conflict", 429: "Too Many Requests"}


class Refusal(Exception):
    """An answer with `ok: false`. `text` is the description without a prefix such as "Bad Request: ".

    `parameters` are the fields of ResponseParameters (https://core.telegram.org/bots/api#responseparameters).
    """

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
