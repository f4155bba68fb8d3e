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

    add_blueprint_columns()


def add_blueprint_columns() -> None:
    op.add_column('blueprint', sa.Column('effective_on', sa.Date(), nullable=True))
    op.add_column('blueprint', sa.Column('transition_note', sa.Text(), nullable=False, server_default=''))
    op.add_column('blueprint', sa.Column('next_study_on', sa.Date(), nullable=True))
    op.add_column('blueprint', sa.Column('pretest', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('blueprint_row', sa.Column('locked', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('adjustment', sa.Column('vote', sa.Text(), nullable=False, server_default=''))
    op.create_table(
        'blueprint_alternative',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('blueprint_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('items', sa.Integer(), nullable=False),
        sa.Column('rows', sa.JSON(), nullable=False),
        sa.Column('by_name', sa.Text(), nullable=False),
        sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint('length(name) > 0', name=op.f('ck_blueprint_alternative_name_given')),
        sa.ForeignKeyConstraint(
            ['blueprint_id'],
            ['blueprint.id'],
            name=op.f('fk_blueprint_alternative_blueprint_id_blueprint'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_blueprint_alternative')),
        sa.UniqueConstraint('blueprint_id', 'name', name=op.f('uq_blueprint_alternative_blueprint_id_name')),
    )
    op.create_index(op.f('ix_blueprint_alternative_blueprint_id'), 'blueprint_alternative', ['blueprint_id'])


def downgrade() -> None:
    op.drop_index(op.f('ix_blueprint_alternative_blueprint_id'), table_name='blueprint_alternative')
    op.drop_table('blueprint_alternative')
    op.drop_column('adjustment', 'vote')
    op.drop_column('blueprint_row', 'locked')
    for column in ('pretest', 'next_study_on', 'transition_note', 'effective_on'):
        op.drop_column('blueprint', column)
    op.drop_table('plan_version')
    op.drop_column('dataset', 'changed_people')
    op.drop_column('dataset', 'released')
    op.drop_column('study', 'smallest_group')
