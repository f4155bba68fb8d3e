"""knowledge and skill statements

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'knowledge',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('domain_id', sa.Integer(), nullable=True),
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('statement', sa.Text(), nullable=False),
        sa.Column('source', sa.Text(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('retired_at', jta.db.UtcTime(timezone=True), nullable=True),
        sa.Column('retired_reason', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('knowledge', 'skill', 'ability', 'value')", name=op.f('ck_knowledge_known_kind')
        ),
        sa.ForeignKeyConstraint(['domain_id'], ['domain.id'], name=op.f('fk_knowledge_domain_id_domain')),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_knowledge_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_knowledge')),
        sa.UniqueConstraint('study_id', 'code', name=op.f('uq_knowledge_study_id_code')),
    )
    op.create_index(op.f('ix_knowledge_domain_id'), 'knowledge', ['domain_id'])


def downgrade() -> None:
    op.drop_table('knowledge')
