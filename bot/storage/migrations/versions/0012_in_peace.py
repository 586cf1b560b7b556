"""A chat can pause its alerts, make them silent, and have quiet hours after which a recap comes"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

DUE = sa.text('recap_at IS NOT NULL')
OLD, NEW = 'ix_subscriptions_target_subscriber_id', 'ix_subscriptions_target_subscriber_id_sound'


def subscriber_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column('paused', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('zone', sa.String(length=64), server_default='', nullable=False),
        sa.Column('quiet_from', sa.SmallInteger(), nullable=True),
        sa.Column('quiet_until', sa.SmallInteger(), nullable=True),
        sa.Column('quiet_update', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('hold_from', sa.Double(), nullable=True),
        sa.Column('hold_until', sa.Double(), nullable=True),
        sa.Column('recap_at', sa.Double(), nullable=True),
        sa.Column('recap_tries', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('recapped_to', sa.Double(), server_default=sa.text('0'), nullable=False),
    )


def upgrade() -> None:
    for column in subscriber_columns():
        op.add_column('subscribers', column)
    op.create_index('ix_subscribers_recap_at', 'subscribers', ['recap_at'], sqlite_where=DUE, postgresql_where=DUE)
    # What is followed already stays loud; who follows a section from now on gets it silently.
    op.add_column('subscriptions', sa.Column('sound', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.create_index(NEW, 'subscriptions', ['target', 'subscriber_id', 'sound'])
    op.drop_index(OLD, 'subscriptions')
    op.add_column('pushes', sa.Column('aimed_at', sa.Double(), server_default=sa.text('0'), nullable=False))
    op.create_index('ix_pushes_aimed_at', 'pushes', ['aimed_at'])


def downgrade() -> None:
    op.drop_index('ix_pushes_aimed_at', 'pushes')
    op.drop_column('pushes', 'aimed_at')
    op.create_index(OLD, 'subscriptions', ['target', 'subscriber_id'])
    op.drop_index(NEW, 'subscriptions')
    op.drop_column('subscriptions', 'sound')
    op.drop_index('ix_subscribers_recap_at', 'subscribers')
    for column in reversed(subscriber_columns()):
        op.drop_column('subscribers', column.name)
