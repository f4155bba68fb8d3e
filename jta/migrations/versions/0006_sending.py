"""waves, messages and their attempts; work done beside the pages

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f('ix_analysis_job_study_id'), table_name='analysis_job')
    op.drop_table('analysis_job')
    op.create_table(
        'job',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=True),
        sa.Column('args', sa.JSON(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('progress', sa.Text(), nullable=False),
        sa.Column('fraction', sa.Double(), nullable=True),
        sa.Column('claimed_by', sa.Text(), nullable=True),
        sa.Column('claimed_until', jta.db.UtcTime(timezone=True), nullable=True),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('asked_by', sa.Text(), nullable=False),
        sa.Column('asked_role', sa.Text(), nullable=False),
        sa.Column('asked_id', sa.Integer(), nullable=True),
        sa.Column('asked_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('alive_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('result', sa.JSON(), nullable=True),
        sa.Column('failure', sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f('ck_job_known_state')),
        sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_job_study_id_study'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_job')),
    )
    op.create_index(op.f('ix_job_study_id'), 'job', ['study_id'], unique=False)
    op.create_index(op.f('ix_job_state'), 'job', ['state'], unique=False)
    op.create_table(
        'worker',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('started_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('alive_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('mail', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_worker')),
    )


def downgrade() -> None:
    op.drop_table('worker')
    op.drop_index(op.f('ix_job_state'), table_name='job')
    op.drop_index(op.f('ix_job_study_id'), table_name='job')
    op.drop_table('job')
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
