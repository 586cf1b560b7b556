"""What each source says of a story; pages that are wanted; copies; why a story was not pushed; alerts that expire"""

import sqlalchemy as sa
from alembic import op

from bot.storage.models import Moment

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_WORDS = ('url', 'title', 'summary', 'author', 'image_url', 'image_caption', 'section')


def upgrade() -> None:
    op.create_table(
        'appearances',
        sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('source_id', sa.String(length=32), nullable=False),
        sa.Column('fields', sa.JSON(), nullable=False),
        sa.Column('digest', sa.String(length=32), server_default='', nullable=False),
        sa.Column('first_seen', Moment(timezone=True), nullable=False),
        sa.Column('last_seen', Moment(timezone=True), nullable=False),
        sa.Column('rank', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
        sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_appearances_story_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('story_id', 'source_id', name=op.f('pk_appearances')),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'page_wants',
        sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('urgent', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('not_before', sa.Double(), server_default=sa.text('0'), nullable=False),
        sa.Column('tries', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
        sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_page_wants_story_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('story_id', name=op.f('pk_page_wants')),
    )
    op.create_index('ix_page_wants_not_before', 'page_wants', ['not_before'])
    op.add_column('stories', sa.Column('correct_quietly', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('stories', sa.Column('copy_of', sa.BigInteger(), nullable=True))
    op.add_column('stories', sa.Column('verdict', sa.String(length=16), server_default='', nullable=False))
    op.add_column('pushes', sa.Column('expires_at', sa.Double(), nullable=True))
    for statement in _carry_over(op.get_bind().dialect.name):
        op.execute(statement)
    op.create_index(
        'ix_appearances_ranked', 'appearances', ['source_id', 'rank'],
        sqlite_where=sa.text('rank > 0'), postgresql_where=sa.text('rank > 0'),
    )
    op.drop_table('popular')


def _carry_over(dialect: str) -> tuple[str, ...]:
    """Every story gets one appearance, of the source that brought it, without a digest: its next entry is no change.

    A story that only a popular list named is that list's, and has its place there; others get their place beside.
    """
    make, as_json = ('json_object', '') if dialect == 'sqlite' else ('json_build_object', '')
    update = 'CASE WHEN s.is_update THEN {} ELSE {} END'.format(
        *(("json('true')", "json('false')") if dialect == 'sqlite' else ('true', 'false'))
    )
    ranked = 'EXISTS (SELECT 1 FROM popular p WHERE p.source_id = s.source_id)'
    kind = f"CASE WHEN s.source_id = 'api' THEN 'cms' WHEN {ranked} THEN 'popular' ELSE 'list' END"
    pairs = ', '.join(f"'{name}', s.{name}" for name in _WORDS)
    words = f"{make}('kind', {kind}, {pairs}, 'published_at', s.published_at, 'update', {update}){as_json}"
    brief = f"{make}('kind', 'popular', 'url', s.url, 'title', s.title)"
    return (
        'INSERT INTO appearances (story_id, source_id, fields, digest, first_seen, last_seen, rank) '
        f"SELECT s.id, s.source_id, {words}, '', s.first_seen_at, s.updated_at, 0 FROM stories s",
        'UPDATE appearances SET rank = (SELECT min(p.rank) FROM popular p WHERE p.story_id = appearances.story_id '
        'AND p.source_id = appearances.source_id) WHERE EXISTS (SELECT 1 FROM popular p '
        'WHERE p.story_id = appearances.story_id AND p.source_id = appearances.source_id)',
        'INSERT INTO appearances (story_id, source_id, fields, digest, first_seen, last_seen, rank) '
        f"SELECT s.id, r.source_id, {brief}, '', s.first_seen_at, s.first_seen_at, r.rank FROM stories s JOIN "
        '(SELECT story_id, source_id, min(rank) AS rank FROM popular GROUP BY story_id, source_id) r '
        'ON r.story_id = s.id WHERE r.source_id <> s.source_id',
    )


def downgrade() -> None:
    op.create_table(
        'popular',
        sa.Column('source_id', sa.String(length=32), nullable=False),
        sa.Column('rank', sa.Integer(), nullable=False),
        sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_popular_story_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('source_id', 'rank', name=op.f('pk_popular')),
    )
    op.create_index('ix_popular_story_id', 'popular', ['story_id'])
    op.execute('INSERT INTO popular (source_id, rank, story_id) SELECT source_id, rank, min(story_id) FROM appearances '
               'WHERE rank > 0 GROUP BY source_id, rank')
    op.drop_column('pushes', 'expires_at')
    op.drop_column('stories', 'verdict')
    op.drop_column('stories', 'copy_of')
    op.drop_column('stories', 'correct_quietly')
    op.drop_table('page_wants')
    op.drop_table('appearances')
