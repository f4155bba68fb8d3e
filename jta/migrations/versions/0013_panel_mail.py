"""messages to panelists: stopped, come back, sent by themselves; what a clone is for

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('panelist', sa.Column('stopped_at', jta.db.UtcTime(timezone=True), nullable=True))
    op.add_column('panel_message', sa.Column('address_mark', sa.Text(), nullable=False, server_default=''))
    op.add_column('panel_message', sa.Column('bounced_at', jta.db.UtcTime(timezone=True), nullable=True))
    op.add_column('round', sa.Column('remind_days', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('round', sa.Column('reminded_at', jta.db.UtcTime(timezone=True), nullable=True))
    op.add_column('study_origin', sa.Column('kind', sa.Text(), nullable=False, server_default='cycle'))


def downgrade() -> None:
    op.drop_column('study_origin', 'kind')
    op.drop_column('round', 'reminded_at')
    op.drop_column('round', 'remind_days')
    op.drop_column('panel_message', 'bounced_at')
    op.drop_column('panel_message', 'address_mark')
    op.drop_column('panelist', 'stopped_at')
