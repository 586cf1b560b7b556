"""Stories are known by their addresses as written, which before were kept without scheme, "www." and fragment"""

import re
from hashlib import blake2b
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_CLICKS = re.compile(
    r'utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_[ce]id', re.IGNORECASE
)
_LIMIT = 300
_AT_ONCE = 5_000


def upgrade() -> None:
    """Without these keys everything that sources list now would be new to us, and pushed again."""
    connection = op.get_bind()
    insert = sa.text('INSERT INTO story_keys (key, story_id) VALUES (:key, :story_id) ON CONFLICT DO NOTHING')
    last = 0
    select = sa.text('SELECT id, url FROM stories WHERE id > :last ORDER BY id LIMIT :at_once')
    while rows := connection.execute(select, {'last': last, 'at_once': _AT_ONCE}).all():
        connection.execute(insert, [{'key': _key(url), 'story_id': story_id} for story_id, url in rows if url])
        last = rows[-1][0]


def _key(url: str) -> str:
    """As bot.stories.telling.keys makes it of an address."""
    parts = urlsplit(url)
    pairs = parts.query.split('&')
    kept = [pair for pair in pairs if not _CLICKS.fullmatch(pair.partition('=')[0])]
    key = 'u:' + (url if len(kept) == len(pairs) else urlunsplit(parts._replace(query='&'.join(kept))))
    if len(key) <= _LIMIT:
        return key
    digest = blake2b(key.encode(), digest_size=16).hexdigest()
    return f'{key[: _LIMIT - 1 - len(digest)]}#{digest}'


def downgrade() -> None:
    """The keys are left: older versions never ask for them, and they go with their stories."""
