"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('budget',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('next_free', sa.Double(), server_default=sa.text('0'), nullable=False),
    sa.Column('rate', sa.Double(), nullable=False),
    sa.Column('setting', sa.Double(), nullable=False),
    sa.Column('changed_at', sa.Double(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget'))
    )
    op.create_table('hub_subscriptions',
    sa.Column('source_id', sa.String(length=32), nullable=False),
    sa.Column('hub', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('secret', sa.String(length=64), server_default='', nullable=False),
    sa.Column('asked', sa.String(length=16), server_default='', nullable=False),
    sa.Column('active', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('ask_at', sa.Double(), server_default=sa.text('0'), nullable=False),
    sa.Column('failures', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('last_error', sa.Text(), server_default='', nullable=False),
    sa.PrimaryKeyConstraint('source_id', name=op.f('pk_hub_subscriptions'))
    )
    op.create_table('leases',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('until', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leases'))
    )
    op.create_table('notices',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices'))
    )
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notices_said_at'), ['said_at'], unique=False)

    op.create_table('sources',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('moved_to', sa.Text(), server_default='', nullable=False),
    sa.Column('etag', sa.Text(), server_default='', nullable=False),
    sa.Column('last_modified', sa.Text(), server_default='', nullable=False),
    sa.Column('next_poll_at', sa.Double(), server_default=sa.text('0'), nullable=False),
    sa.Column('lease_owner', sa.String(length=64), server_default='', nullable=False),
    sa.Column('lease_until', sa.Double(), server_default=sa.text('0'), nullable=False),
    sa.Column('primed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('failures', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_failing', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('last_error', sa.Text(), server_default='', nullable=False),
    sa.Column('last_success_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_change_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sources'))
    )
    op.create_table('stories',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_id', sa.String(length=32), nullable=False),
    sa.Column('section', sa.String(length=32), server_default='', nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), server_default='', nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), server_default='', nullable=False),
    sa.Column('image_url', sa.Text(), server_default='', nullable=False),
    sa.Column('image_file_id', sa.Text(), server_default='', nullable=False),
    sa.Column('is_update', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('state', sa.String(length=16), server_default='live', nullable=False),
    sa.Column('revision', sa.SmallInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('revisions', sa.JSON(), server_default='[]', nullable=False),
    sa.Column('correct_at', sa.Double(), nullable=True),
    sa.Column('corrected_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('search_text', sa.Text(), server_default='', nullable=False),
    sa.Column('heat', sa.Double(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stories'))
    )
    with op.batch_alter_table('stories', schema=None) as batch_op:
        batch_op.create_index('ix_stories_correct_at', ['correct_at'], unique=False, sqlite_where=sa.text('correct_at IS NOT NULL'), postgresql_where=sa.text('correct_at IS NOT NULL'))
        batch_op.create_index('ix_stories_heat', ['heat'], unique=False)
        batch_op.create_index('ix_stories_latest', ['state', 'published_at', 'id'], unique=False)
        batch_op.create_index('ix_stories_section', ['section', 'state', 'published_at', 'id'], unique=False)

    op.create_table('subscribers',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('thread_id', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('kind', sa.String(length=16), server_default='private', nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), server_default='active', nullable=False),
    sa.Column('state_reason', sa.Text(), server_default='', nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscribers')),
    sa.UniqueConstraint('chat_id', 'thread_id', name=op.f('uq_subscribers_chat_id_thread_id'))
    )
    op.create_table('popular',
    sa.Column('source_id', sa.String(length=32), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_popular_story_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('source_id', 'rank', name=op.f('pk_popular'))
    )
    with op.batch_alter_table('popular', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_popular_story_id'), ['story_id'], unique=False)

    op.create_table('pushes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('lane', sa.SmallInteger(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('alert_of', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('revision', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('content', sa.JSON(), nullable=True),
    sa.Column('audience', sa.JSON(), nullable=False),
    sa.Column('ceiling', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('text_only', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('author', sa.BigInteger(), nullable=True),
    sa.Column('progress_message_id', sa.BigInteger(), nullable=True),
    sa.Column('progress_shown', sa.Text(), server_default='', nullable=False),
    sa.Column('not_before', sa.Double(), server_default=sa.text('0'), nullable=False),
    sa.Column('total', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('sent', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('gone', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('refused', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('lost', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('doubled', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['alert_of'], ['stories.id'], name=op.f('fk_pushes_alert_of')),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_pushes_story_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pushes')),
    sa.UniqueConstraint('alert_of', name=op.f('uq_pushes_alert_of'))
    )
    with op.batch_alter_table('pushes', schema=None) as batch_op:
        batch_op.create_index('ix_pushes_state_lane_id', ['state', 'lane', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_pushes_story_id'), ['story_id'], unique=False)
        batch_op.create_index('ix_pushes_uncounted', ['id'], unique=False, sqlite_where=sa.text('total < 0'), postgresql_where=sa.text('total < 0'))

    op.create_table('story_keys',
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['story_id'], ['stories.id'], name=op.f('fk_story_keys_story_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_story_keys')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('story_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_story_keys_story_id'), ['story_id'], unique=False)

    op.create_table('subscriptions',
    sa.Column('subscriber_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('target', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscribers.id'], name=op.f('fk_subscriptions_subscriber_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('subscriber_id', 'target', name=op.f('pk_subscriptions')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('subscriptions', schema=None) as batch_op:
        batch_op.create_index('ix_subscriptions_target_subscriber_id', ['target', 'subscriber_id'], unique=False)

    op.create_table('deliveries',
    sa.Column('push_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscriber_id', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('outcome', sa.SmallInteger(), nullable=False),
    sa.Column('tries', sa.SmallInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('revision', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('photo', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('at', sa.Integer(), nullable=False),
    sa.Column('not_before', sa.Double(), nullable=True),
    sa.ForeignKeyConstraint(['push_id'], ['pushes.id'], name=op.f('fk_deliveries_push_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('push_id', 'subscriber_id', name=op.f('pk_deliveries')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_deliveries_waiting', ['not_before'], unique=False, sqlite_where=sa.text('not_before IS NOT NULL'), postgresql_where=sa.text('not_before IS NOT NULL'))

    op.create_table('push_ranges',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('push_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('start', sa.BigInteger(), nullable=False),
    sa.Column('cursor', sa.BigInteger(), nullable=False),
    sa.Column('issued', sa.BigInteger(), nullable=False),
    sa.Column('end', sa.BigInteger(), nullable=False),
    sa.Column('owner', sa.String(length=64), server_default='', nullable=False),
    sa.Column('lease_until', sa.Double(), server_default=sa.text('0'), nullable=False),
    sa.Column('fence', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('done', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('seen_since', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['push_id'], ['pushes.id'], name=op.f('fk_push_ranges_push_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_push_ranges'))
    )
    with op.batch_alter_table('push_ranges', schema=None) as batch_op:
        batch_op.create_index('ix_push_ranges_done_push_id', ['done', 'push_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('push_ranges', schema=None) as batch_op:
        batch_op.drop_index('ix_push_ranges_done_push_id')

    op.drop_table('push_ranges')
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_index('ix_deliveries_waiting', sqlite_where=sa.text('not_before IS NOT NULL'), postgresql_where=sa.text('not_before IS NOT NULL'))

    op.drop_table('deliveries')
    with op.batch_alter_table('subscriptions', schema=None) as batch_op:
        batch_op.drop_index('ix_subscriptions_target_subscriber_id')

    op.drop_table('subscriptions')
    with op.batch_alter_table('story_keys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_story_keys_story_id'))

    op.drop_table('story_keys')
    with op.batch_alter_table('pushes', schema=None) as batch_op:
        batch_op.drop_index('ix_pushes_uncounted', sqlite_where=sa.text('total < 0'), postgresql_where=sa.text('total < 0'))
        batch_op.drop_index(batch_op.f('ix_pushes_story_id'))
        batch_op.drop_index('ix_pushes_state_lane_id')

    op.drop_table('pushes')
    with op.batch_alter_table('popular', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_popular_story_id'))

    op.drop_table('popular')
    op.drop_table('subscribers')
    with op.batch_alter_table('stories', schema=None) as batch_op:
        batch_op.drop_index('ix_stories_section')
        batch_op.drop_index('ix_stories_latest')
        batch_op.drop_index('ix_stories_heat')
        batch_op.drop_index('ix_stories_correct_at', sqlite_where=sa.text('correct_at IS NOT NULL'), postgresql_where=sa.text('correct_at IS NOT NULL'))

    op.drop_table('stories')
    op.drop_table('sources')
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notices_said_at'))

    op.drop_table('notices')
    op.drop_table('leases')
    op.drop_table('hub_subscriptions')
    op.drop_table('budget')
