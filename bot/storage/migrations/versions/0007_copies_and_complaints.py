"""A story's copies are found; what is wrong with a source's last document, and with its articles' pages, is kept"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        'ix_stories_copy_of', 'stories', ['copy_of'],
        sqlite_where=sa.text('copy_of IS NOT NULL'), postgresql_where=sa.text('copy_of IS NOT NULL'),
    )
    op.add_column('sources', sa.Column('complaints', sa.JSON(), server_default='{}', nullable=False))
    op.add_column('sources', sa.Column('page_overrun', sa.JSON(), server_default='{}', nullable=False))


def downgrade() -> None:
    op.drop_column('sources', 'page_overrun')
    op.drop_column('sources', 'complaints')
    op.drop_index('ix_stories_copy_of', table_name='stories')
