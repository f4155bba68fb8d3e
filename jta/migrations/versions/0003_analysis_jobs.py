"""analyses that run beside the web pages

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'analysis_job',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('dataset_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('progress', sa.Text(), nullable=False),
        sa.Column('run_id', sa.Integer(), nullable=True),
        sa.Column('asked_by', sa.Text(), nullable=False),
        sa.Column('asked_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('alive_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f('ck_analysis_job_known_state')
        ),
        sa.ForeignKeyConstraint(['dataset_id'], ['dataset.id'], name=op.f('fk_analysis_job_dataset_id_dataset')),
        sa.ForeignKeyConstraint(['run_id'], ['analysis_run.id'], name=op.f('fk_analysis_job_run_id_analysis_run')),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_analysis_job_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_analysis_job')),
    )
    op.create_index(op.f('ix_analysis_job_study_id'), 'analysis_job', ['study_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_analysis_job_study_id'), table_name='analysis_job')
    op.drop_table('analysis_job')
