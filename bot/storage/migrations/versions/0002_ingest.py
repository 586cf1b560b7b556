"""Photo captions; a source's stories by their time; sources by what is due and what they said"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('stories', sa.Column('image_caption', sa.Text(), server_default='', nullable=False))
    op.add_column('sources', sa.Column('body_digest', sa.String(length=32), server_default='', nullable=False))
    op.add_column('sources', sa.Column('settings', sa.String(length=32), server_default='', nullable=False))
    op.add_column('sources', sa.Column('digest', sa.String(length=32), server_default='', nullable=False))
    op.create_index('ix_stories_source', 'stories', ['source_id', 'published_at'])
    op.create_index('ix_sources_next_poll_at', 'sources', ['next_poll_at'])


def downgrade() -> None:
    op.drop_index('ix_sources_next_poll_at', table_name='sources')
    op.drop_index('ix_stories_source', table_name='stories')
    op.drop_column('sources', 'digest')
    op.drop_column('sources', 'settings')
    op.drop_column('sources', 'body_digest')
    op.drop_column('stories', 'image_caption')
