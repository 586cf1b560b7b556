"""How long a time may lie ahead: the wait until a source's next poll, and the flood wait that the bot keeps to"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'sources', sa.Column('poll_wait', sa.Double(), server_default=sa.text('86400'), nullable=False)
    )
    op.add_column('budget', sa.Column('halted_for', sa.Double(), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    op.drop_column('budget', 'halted_for')
    op.drop_column('sources', 'poll_wait')
