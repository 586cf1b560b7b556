"""Stories are found by the words of title, summary, author and text, in all their forms; UPDATEs have an index"""

import sqlalchemy as sa
from alembic import op

# How words are written for the index is the code's affair: whoever migrates with a later version gets the words that its
# search asks for.
from bot.storage.fulltext import lead_of
from bot.words import words

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

AT_ONCE = 500  # stories in memory


def upgrade() -> None:
    op.create_table(
        'story_words',
        sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('lead', sa.Text(), server_default='', nullable=False),
        sa.Column('body', sa.Text(), server_default='', nullable=False),
        sa.ForeignKeyConstraint(
            ['story_id'], ['stories.id'], name=op.f('fk_story_words_story_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('story_id', name=op.f('pk_story_words')),
    )
    op.create_table(
        'known_words',
        sa.Column('word', sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint('word', name=op.f('pk_known_words')),
        sqlite_with_rowid=False,
    )
    op.create_index(
        'ix_stories_updates', 'stories', ['published_at', 'id'], unique=False,
        sqlite_where=sa.text('is_update = 1'), postgresql_where=sa.text('is_update'),
    )
    if op.get_bind().dialect.name == 'sqlite':
        _index_on_sqlite()
    else:
        _index_on_postgresql()
    _carry_over()
    op.drop_column('stories', 'search_text')


def _index_on_sqlite() -> None:
    """An FTS5 table that keeps no text of its own; triggers bring it what changes."""
    op.execute(
        "CREATE VIRTUAL TABLE story_index USING fts5"
        "(lead, body, content='story_words', content_rowid='story_id', tokenize='ascii')"
    )
    add = "INSERT INTO story_index (rowid, lead, body) VALUES (new.story_id, new.lead, new.body);"
    take = (
        "INSERT INTO story_index (story_index, rowid, lead, body) "
        "VALUES ('delete', old.story_id, old.lead, old.body);"
    )
    op.execute(f"CREATE TRIGGER story_words_added AFTER INSERT ON story_words BEGIN {add} END")
    op.execute(f"CREATE TRIGGER story_words_removed AFTER DELETE ON story_words BEGIN {take} END")
    op.execute(f"CREATE TRIGGER story_words_changed AFTER UPDATE ON story_words BEGIN {take} {add} END")


def _index_on_postgresql() -> None:
    """A generated column with its index; the view has the names that FTS5's table has.

    Its rowid is a sum, so that no plan reads all stories backwards from the newest on, in the hope of soon having enough
    that match: for a rare word that took 400 ms for 15,000 stories. Without `fastupdate`, since each search would read all
    that was not yet merged into the index.
    """
    op.execute(
        "ALTER TABLE story_words ADD COLUMN vector tsvector "
        "GENERATED ALWAYS AS (to_tsvector('simple', lead) || to_tsvector('simple', body)) STORED"
    )
    op.execute("CREATE INDEX ix_story_words_vector ON story_words USING gin (vector) WITH (fastupdate = off)")
    op.execute("CREATE VIEW story_index AS SELECT story_id + 0 AS rowid, vector FROM story_words")


def _carry_over() -> None:
    """The words of the stories that are there, some at a time."""
    bind = op.get_bind()
    stories = sa.table('stories', *map(sa.column, ('id', 'title', 'summary', 'author')))
    story_words = sa.table('story_words', *map(sa.column, ('story_id', 'lead')))
    ignoring = 'INSERT INTO known_words (word) VALUES (:word) ON CONFLICT DO NOTHING'
    last = 0
    while True:
        page = sa.select(stories).where(stories.c.id > last).order_by(stories.c.id).limit(AT_ONCE)
        rows = bind.execute(page).all()
        if not rows:
            return
        last = rows[-1].id
        leads = [{'story_id': row.id, 'lead': lead_of(row.title, row.summary, row.author)} for row in rows]
        bind.execute(sa.insert(story_words), leads)
        known = {word for row in rows for text in (row.title, row.summary, row.author) for word in words(text)}
        if known:
            bind.execute(sa.text(ignoring), [{'word': word} for word in sorted(known)])


def downgrade() -> None:
    """`search_text` comes back empty: the version before fills it as sources bring their stories again."""
    op.add_column('stories', sa.Column('search_text', sa.Text(), server_default='', nullable=False))
    if op.get_bind().dialect.name == 'sqlite':
        op.execute("DROP TABLE story_index")
    else:
        op.execute("DROP VIEW story_index")
    op.drop_index('ix_stories_updates', table_name='stories')
    op.drop_table('known_words')
    op.drop_table('story_words')
