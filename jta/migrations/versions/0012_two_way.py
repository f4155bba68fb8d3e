"""target shares of cognitive levels, leeway of a form's cells, counts of the item bank

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('blueprint', sa.Column('levels', sa.JSON(none_as_null=True), nullable=True))
    op.add_column('blueprint', sa.Column('leeway', sa.Integer(), nullable=False, server_default='0'))
    op.create_table(
        'item_bank',
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('filename', sa.Text(), nullable=False),
        sa.Column('forms', sa.Double(), nullable=False),
        sa.Column('by_name', sa.Text(), nullable=False),
        sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint('forms BETWEEN 1 AND 50', name=op.f('ck_item_bank_forms_range')),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_item_bank_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('study_id', name=op.f('pk_item_bank')),
    )


def downgrade() -> None:
    op.drop_table('item_bank')
    op.drop_column('blueprint', 'leeway')
    op.drop_column('blueprint', 'levels')
