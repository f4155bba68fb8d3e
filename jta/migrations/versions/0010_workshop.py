"""the blueprint workshop; the smallest group of a study, and which data sets are released

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN: building the table anew would delete, on SQLite, every row that points to a study.
    known = sa.CheckConstraint('smallest_group IN (10, 15)', name=op.f('ck_study_known_smallest_group'))
    op.add_column('study', sa.Column('smallest_group', sa.Integer(), known, nullable=False, server_default='10'))
    # results of earlier data sets were already open to everybody who reads results
    op.add_column('dataset', sa.Column('released', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column('dataset', sa.Column('changed_people', sa.Integer(), nullable=True))
    op.create_table(
        'plan_version',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('plan', sa.JSON(), nullable=False),
        sa.Column('departure', sa.Boolean(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('by_name', sa.Text(), nullable=False),
        sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_plan_version_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_version')),
        sa.UniqueConstraint('study_id', 'number', name=op.f('uq_plan_version_study_id_number')),
    )
    op.execute(
        'INSERT INTO plan_version (study_id, number, plan, departure, reason, by_name, at) '
        "SELECT id, 1, plan, false, '', '', plan_saved_at FROM study "
        'WHERE plan IS NOT NULL AND plan_saved_at IS NOT NULL'
    )


def downgrade() -> None:
    op.drop_table('plan_version')
    op.drop_column('dataset', 'changed_people')
    op.drop_column('dataset', 'released')
    op.drop_column('study', 'smallest_group')
