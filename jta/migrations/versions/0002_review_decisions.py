"""review decisions

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('review_decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('response_id', sa.Integer(), nullable=False),
    sa.Column('choice', sa.Text(), nullable=False),
    sa.Column('ground', sa.Text(), nullable=False),
    sa.Column('flags', sa.JSON(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by_name', sa.Text(), nullable=False),
    sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('undone_by', sa.Text(), nullable=True),
    sa.Column('undone_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.Column('undo_reason', sa.Text(), nullable=True),
    sa.CheckConstraint("choice IN ('exclude', 'keep')", name=op.f('ck_review_decision_known_choice')),
    sa.CheckConstraint("(choice = 'exclude') = (ground <> '')", name=op.f('ck_review_decision_ground_of_exclusion')),
    sa.CheckConstraint('(undone_at IS NULL) = (undone_by IS NULL)', name=op.f('ck_review_decision_undone_by_somebody')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_review_decision_response_id_response'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_review_decision_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_decision'))
    )
    with op.batch_alter_table('review_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_decision_response_id'), ['response_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_review_decision_study_id'), ['study_id'], unique=False)
        batch_op.create_index(
            'uq_review_decision_in_force', ['response_id'], unique=True,
            sqlite_where=sa.text('undone_at IS NULL'), postgresql_where=sa.text('undone_at IS NULL'),
        )


def downgrade() -> None:
    op.drop_table('review_decision')
