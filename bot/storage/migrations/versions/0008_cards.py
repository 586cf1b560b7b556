"""Cards that readers opened are corrected too"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'cards',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('message_id', sa.BigInteger(), nullable=False),
        sa.Column('language', sa.String(length=12), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('photo', sa.Boolean(), nullable=False),
        sa.Column('sent_at', sa.Double(), nullable=False),
        sa.Column('not_before', sa.Double(), server_default=sa.text('0'), nullable=False),
        sa.Column('tries', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
        sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_cards_story_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cards')),
    )
    op.create_index('ix_cards_story_id', 'cards', ['story_id'])
    op.create_index('ix_cards_sent_at', 'cards', ['sent_at'])
    op.create_index('ix_stories_updated_at', 'stories', ['updated_at'])


def downgrade() -> None:
    op.drop_index('ix_stories_updated_at', 'stories')
    op.drop_table('cards')
