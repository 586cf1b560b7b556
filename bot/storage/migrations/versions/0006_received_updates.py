"""Updates from Telegram are stored before they are acknowledged"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'received_updates',
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('owner', sa.String(length=64), nullable=False),
        sa.Column('body', sa.JSON(), nullable=False),
        sa.Column('received_at', sa.Double(), nullable=False),
        sa.Column('done', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_received_updates')),
    )
    to_do = sa.text('NOT done')
    op.create_index(
        'ix_received_updates_to_do', 'received_updates', ['owner'], sqlite_where=to_do, postgresql_where=to_do
    )
    op.create_index('ix_received_updates_received_at', 'received_updates', ['received_at'])


def downgrade() -> None:
    op.drop_table('received_updates')
