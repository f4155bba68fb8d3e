"""decisions on comments before they leave the house

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'comment_decision',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('verdict', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('by_name', sa.Text(), nullable=False),
        sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('keep', 'strike')", name=op.f('ck_comment_decision_known_verdict')),
        sa.CheckConstraint("verdict = 'keep' OR length(reason) > 0", name=op.f('ck_comment_decision_reason_given')),
        sa.ForeignKeyConstraint(
            ['response_id', 'question_id'],
            ['answer.response_id', 'answer.question_id'],
            name=op.f('fk_comment_decision_response_id_answer'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('response_id', 'question_id', name=op.f('pk_comment_decision')),
    )


def downgrade() -> None:
    op.drop_table('comment_decision')
