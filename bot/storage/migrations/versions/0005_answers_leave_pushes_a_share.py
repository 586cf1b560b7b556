"""Answers leave a push that waits its share of the rate; a range knows whether anything of it is unsent"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('budget', sa.Column('answers_free', sa.Double(), server_default=sa.text('0'), nullable=False))
    op.add_column('push_ranges', sa.Column('unsent', sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    op.drop_column('budget', 'answers_free')
    op.drop_column('push_ranges', 'unsent')
