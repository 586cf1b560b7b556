"""The story API, with which a newsroom's CMS publishes, corrects and withdraws stories.

Its OpenAPI document is served at /api/openapi.json.
"""

import hmac
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

import orjson
import structlog
from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.context import NewsBot
from bot.delivery import figures
from bot.storage.models import Story, StoryState
from bot.stories import pipeline
from bot.stories.items import Item
from bot.stories.reading.cleaning import plain_lines, plain_text, safe_url
from bot.stories.reading.feed_items import CAPTION_LIMIT, NAME_LIMIT, TITLE_LIMIT
from bot.stories.reading.parsing import in_thread
from bot.stories.reading.summaries import condensed, summary_of
from bot.stories.telling import recognise, withdrawal
from bot.stories.telling.decide import Verdict

log = structlog.get_logger("kabar.api")

BODY_LIMIT = 1_000_000  # bytes
ID_LIMIT = 200


def _address(value: str) -> str:
    if safe := safe_url(value):
        return safe
    raise ValueError("accepted: an absolute http(s) address")


def _maybe_address(value: str) -> str:
    return _address(value) if value else ""


def _moment(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("accepted: a time in the years 1 to 9999, in UTC") from None


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("accepted: a time in ISO 8601 with its offset from UTC")
    return value


_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?){0,4}"
# For the OpenAPI document only, and narrower than what is accepted: addresses with other alphabets are valid too.
_ADDRESS = rf"https?://{_HOST}(?::[0-9]{{1,4}})?(?:[/?#][!-~]*)?"
Address = Annotated[
    str, Field(max_length=1000, json_schema_extra={"pattern": f"^{_ADDRESS}$"}), AfterValidator(_address)
]
MaybeAddress = Annotated[
    str, Field(max_length=1000, json_schema_extra={"pattern": f"^(?:{_ADDRESS})?$"}), AfterValidator(_maybe_address)
]


class Published(BaseModel):
    """The body of POST /api/stories. `id` is the CMS's own identifier of the story and never changes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1, max_length=ID_LIMIT, pattern=r"^[^\x00-\x1f/]+$")
    url: Address
    title: str = Field(min_length=1, max_length=1000, json_schema_extra={"pattern": r"[\p{L}\p{N}]"})
    summary: str = Field("", max_length=10_000)
    body_html: str = Field("", max_length=500_000, description="Without a summary, one is made from this.")
    section: str = Field("", max_length=100, description="A section's slug, or its name in any language.")
    author: str = Field("", max_length=500)
    image_url: MaybeAddress = ""
    image_caption: str = Field("", max_length=2000)
    published_at: (
        Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_text), AfterValidator(_moment)] | None
    ) = None
    update: bool = Field(False, description="Breaking: pushed to all who follow UPDATE.")
    restore: bool = Field(False, description="Bring a story back that was withdrawn; without it that is refused.")


class Api:
    """The routes under /api. Without API_TOKENS none is registered, so every request gets 404."""

    def __init__(self, app: NewsBot) -> None:
        self._app = app

    def routes(self, site: web.Application) -> None:
        if not self._app.settings.api_tokens:
            return
        site.router.add_get("/api/openapi.json", self._describe)
        site.router.add_post("/api/stories", self._publish)
        site.router.add_get("/api/stories/{id:[^/]+}", self._show)
        site.router.add_delete("/api/stories/{id:[^/]+}", self._retract)

    async def _publish(self, request: web.Request) -> web.Response:
        caller = self._caller(request)
        if caller is None:
            return _refuse(401, "a valid token is needed: Authorization: Bearer SECRET")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _refuse(413, f"accepted: at most {BODY_LIMIT:,} bytes")
        try:
            published = Published.model_validate_json(body)
            section = self._section(published.section)
        except ValidationError as error:
            first = error.errors()[0]
            return _refuse(422, first["msg"], ".".join(map(str, first["loc"])) or "body")
        except LookupError as error:
            return _refuse(422, str(error), "section")
        item, text = await in_thread(_item, published), await in_thread(_article, published)
        if not item.title:
            return _refuse(422, "accepted: a title with visible characters", "title")
        if not published.restore and await self._is_retracted(published.id):
            return _refuse(409, "the story was withdrawn; restore: true brings it back", "restore")
        now = self._app.now()
        given = frozenset(published.model_fields_set)
        story = pipeline.CmsStory(published.id, item, section, published.update, given, text)
        result = await pipeline.publish(self._app.database, self._app.newsroom, story, now)
        log.info("story_published", caller=caller, id=published.id, new=result.new, corrected=result.corrected)
        if result.new or result.corrected or result.queued:
            self._app.wake.set()
        state = "new" if result.new else "corrected" if result.corrected else "same"
        return _answer(201 if result.new else 200, {"id": published.id, "state": state})

    async def _is_retracted(self, cms_id: str) -> bool:
        async with self._app.database.read() as session:
            story = await recognise.find(session, cms_id)
        return story is not None and story.state == StoryState.RETRACTED

    async def _retract(self, request: web.Request) -> web.Response:
        caller = self._caller(request)
        if caller is None:
            return _refuse(401, "a valid token is needed: Authorization: Bearer SECRET")
        cms_id = request.match_info["id"]
        async with self._app.database.write() as session:
            story = await recognise.find(session, cms_id)
            if story is None:
                return _refuse(404, "a story with this id was not published here")
            withdrawn = await withdrawal.retract(session, story, self._app.now())
        log.info("story_retracted", caller=caller, id=cms_id, again=not withdrawn)
        self._app.wake.set()
        return _answer(202, {"id": cms_id, "state": StoryState.RETRACTED})

    async def _show(self, request: web.Request) -> web.Response:
        if self._caller(request) is None:
            return _refuse(401, "a valid token is needed: Authorization: Bearer SECRET")
        cms_id = request.match_info["id"]
        async with self._app.database.read() as session:
            story = await recognise.find(session, cms_id)
            if story is None:
                return _refuse(404, "a story with this id was not published here")
            progresses = await figures.of_story(session, story.id)
            original = await session.get(Story, story.copy_of) if story.copy_of is not None else None
        shown = {"id": cms_id, **_shown(story), "copy_of": original.url if original is not None else ""}
        return _answer(200, {**shown, "pushes": [_push(progress) for progress in progresses]})

    async def _describe(self, _: web.Request) -> web.Response:
        return _answer(200, self._description)

    def _caller(self, request: web.Request) -> str | None:
        """The name of the request's token; None without a valid one.

        It is compared with every secret in constant time, so that the response time reveals nothing about them.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        caller = None
        for secret, name in self._app.settings.api_tokens.items():
            if hmac.compare_digest(token.strip().encode("utf-8", "surrogateescape"), secret.encode()):
                caller = name
        return caller if scheme.lower() == "bearer" else None

    def _section(self, text: str) -> str:
        """The slug of the section given by slug or name, "" for none. Raises LookupError for an unknown section."""
        if not text:
            return ""
        slug = self._app.newsroom.find_section(text)
        if slug is None:
            raise LookupError(f"accepted: one of {', '.join(self._app.newsroom.slugs)}")
        return slug

    @cached_property
    def _description(self) -> dict[str, Any]:
        return describe(self._app.newsroom.slugs)


def _item(published: Published) -> Item:
    title = plain_text(published.title, TITLE_LIMIT)
    summary = condensed(plain_lines(published.summary), title) or summary_of(published.body_html, title)
    return Item(
        url=published.url,
        title=title,
        summary="" if summary == title else summary,
        author=plain_text(published.author, NAME_LIMIT),
        image_url=published.image_url,
        image_caption=plain_text(published.image_caption, CAPTION_LIMIT),
        published_at=published.published_at,
    )


def _article(published: Published) -> str:
    return "\n".join(plain_lines(published.body_html))


def _shown(story: Story) -> dict[str, Any]:
    return {
        "state": story.state,
        "revision": story.revision,
        "url": story.url,
        "title": story.title,
        "summary": story.summary,
        "section": story.section,
        "author": story.author,
        "image_url": story.image_url,
        "image_caption": story.image_caption,
        "update": story.is_update,
        "published_at": story.published_at.isoformat(),
        "verdict": story.verdict,
    }


def _push(progress: figures.Progress) -> dict[str, Any]:
    push = progress.push
    counts = {name: getattr(push, name) for name in ("sent", "gone", "refused", "lost", "doubled")}
    total = max(push.total, progress.settled + progress.waiting)
    return {"kind": push.kind, "state": push.state, "total": total, **counts, "waiting": progress.waiting}


def _answer(status: int, data: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(data), content_type="application/json")


def _refuse(status: int, error: str, field: str = "") -> web.Response:
    response = _answer(status, {"error": error} | ({"field": field} if field else {}))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def describe(sections: tuple[str, ...]) -> dict[str, Any]:
    """The API's OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0); `sections` are the slugs it accepts."""
    text, count = {"type": "string"}, {"type": "integer"}
    problem = _object({"error": text, "field": text}, "error")
    counts = {name: count for name in ("total", "sent", "gone", "refused", "lost", "doubled", "waiting")}
    push = _object({"kind": text, "state": text, **counts}, "kind", "state", *counts)
    names = ("id", "state", "url", "title", "summary", "section", "author", "image_url", "image_caption")
    fields: dict[str, Any] = {name: text for name in names}
    fields |= {"revision": count, "update": {"type": "boolean"}, "published_at": text}
    fields["verdict"] = {"enum": list(Verdict), "description": "pushed, or why the story was not pushed"}
    fields["copy_of"] = text | {"description": "The address of the story that it is a copy of; empty if it is none"}
    story = _object({**fields, "pushes": {"type": "array", "items": push}}, *fields, "pushes")
    result = _object({"id": text, "state": {"enum": ["new", "corrected", "same", StoryState.RETRACTED]}}, "id", "state")
    schema = Published.model_json_schema()
    schema["properties"]["section"]["enum"] = ["", *sections]
    name = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "maxLength": ID_LIMIT}}
    links = {
        operation: {"operationId": operation, "parameters": {"id": "$response.body#/id"}}
        for operation in ("show", "retract")
    }
    refused = {"401": _response("No token, or a wrong one", problem)}
    missing = {"404": _response("No story with this id was published here", problem)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kabar's story API", "version": "1", "description": "A CMS publishes, corrects, withdraws."},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": {
            "/api/stories": {
                "post": {
                    "operationId": "publish",
                    "summary": "Publish a story, or correct it",
                    "description": "The same id and content twice changes nothing and pushes nothing.",
                    "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                    "responses": {
                        "201": _response("New", result) | {"links": links},
                        "200": _response("Known; corrected if it differs", result) | {"links": links},
                        "409": _response("Withdrawn before, and restore is not true", problem),
                        "413": _response(f"More than {BODY_LIMIT:,} bytes", problem),
                        "422": _response("Something is wrong with a field", problem),
                        **refused,
                    },
                }
            },
            "/api/stories/{id}": {
                "parameters": [name],
                "get": {
                    "operationId": "show",
                    "summary": "The story, its pushes and their counts",
                    "responses": {"200": _response("The story", story), **refused, **missing},
                },
                "delete": {
                    "operationId": "retract",
                    "summary": "Withdraw the story from every chat",
                    "responses": {
                        "202": _response("Every delivered copy follows at once", result),
                        **refused,
                        **missing,
                    },
                },
            },
        },
    }


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
