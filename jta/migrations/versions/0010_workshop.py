"""the blueprint workshop; the smallest group of a study, and which data sets are released

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
    op.drop_column('dataset', 'changed_people')
    op.drop_column('dataset', 'released')
    op.drop_column('study', 'smallest_group')
