"""A push that Telegram does not answer goes on by itself"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('pushes', sa.Column('probes', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('pushes') as pushes:
        pushes.drop_column('probes')
