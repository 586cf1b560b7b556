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
    op.drop_column('pushes', 'probes')  # no batch, which on SQLite makes the table anew and drops what refers to it
