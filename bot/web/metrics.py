"""`GET /metrics`: counts of subscribers, stories, pushes, deliveries and answers, in Prometheus's text format.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from typing import Any

from aiohttp import web

from bot.audience import subscribers
from bot.context import NewsBot
from bot.delivery import figures
from bot.stories.showing import browse


class Metrics:
    def __init__(self, app: NewsBot) -> None:
        self._app = app

    def routes(self, site: web.Application) -> None:
        site.router.add_get("/metrics", self._metrics)

    async def _metrics(self, _: web.Request) -> web.Response:
        from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

        registry = CollectorRegistry()
        figures = await figures_of(self._app)
        for name, help_text in (
            ("subscribers", "Chats by state"),
            ("pushes", "Pushes by state"),
            ("deliveries", "Deliveries of all pushes by outcome"),
        ):
            gauge = Gauge(f"kabar_{name}", help_text, ["state"], registry=registry)
            for state, count in figures[name].items():
                gauge.labels(state).set(count)
        Gauge("kabar_stories", "Stories kept", registry=registry).set(figures["stories"])
        refused = Counter("kabar_answers_refused", "Answers that Telegram refused as they were", registry=registry)
        refused.inc(self._app.answers.refused)
        return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})


async def figures_of(app: NewsBot) -> dict[str, Any]:
    """Subscribers and pushes by state, deliveries by outcome, and the number of stories."""
    async with app.database.read() as session:
        return {
            "subscribers": await subscribers.count_by_state(session),
            "stories": await browse.count(session),
            "pushes": await figures.count_by_state(session),
            "deliveries": await figures.totals(session),
        }
