"""Alembic's entry: migrations run on the connection that bot.storage.engine hands over, inside its transaction."""

from typing import Any, Literal

from alembic import context

from bot.storage.fulltext import is_modelled
from bot.storage.models import Base, Moment


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration never imports the models, which go on changing after it."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
    include_name=is_modelled,
)
context.run_migrations()
