"""Answers leave a push that waits its share of the rate"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('budget', sa.Column('answers_free', sa.Double(), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('budget') as budget:
        budget.drop_column('answers_free')
